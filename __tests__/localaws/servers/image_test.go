package servers

import "testing"

// ownPython is an image whose Python changes what the boot script's server does, as
// those of the rollouts under load do.
const ownPython = `#!/bin/sh
set -e
mkdir -p /opt/image
cat > /opt/image/sitecustomize.py <<'PYTHON'
import pathlib
pathlib.Path.read_bytes = lambda self: b"of the image"
PYTHON
mv /usr/bin/python3 /usr/bin/python3.image
cat > /usr/bin/python3 <<'SHELL'
#!/bin/sh
PYTHONPATH=/opt/image exec /usr/bin/python3.image "$@"
SHELL
chmod 755 /usr/bin/python3
`

func TestImageHasItsOwnPython(t *testing.T) { eachKind(t, imageHasItsOwnPython) }

func imageHasItsOwnPython(t *testing.T, kind Kind) {
	m, err := boot(t, kind, bootOrder{Hostname: "host", Address: "10.0.0.5", Image: ownPython, UserData: userDataOfApp(t)})
	if err != nil {
		t.Fatal(err)
	}
	if page := get(t, m); page != "of the image" {
		t.Errorf("the page is %q", page)
	}
}
