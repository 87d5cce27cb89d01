package project

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// file is what this package reads of cdktf.json.
type file struct {
	Context json.RawMessage `json:"context"`
	Output  string          `json:"output"`
}

// LoadFile reads the settings from cdktf.json in dir, whatever the environment
// says. The error names every fault.
func LoadFile(dir string) (Settings, error) {
	f, err := read(dir)
	if err != nil {
		return Settings{}, err
	}
	return parse(f.Context)
}

// OutputFolder is where cdktf puts what the app in dir synthesizes, as its
// option --output, the environment and cdktf.json have it. It is the default if
// cdktf.json cannot be read.
// https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/configuration-file
func OutputFolder(dir string) string {
	f, _ := read(dir)
	return cmp.Or(os.Getenv("CDKTF_OUTPUT"), os.Getenv("CDKTF_O"), f.Output, "cdktf.out")
}

func read(dir string) (file, error) {
	var f file
	content, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return f, fmt.Errorf("this runs in the project's folder only: %w", err)
	}
	if err := plainUTF8(content); err != nil {
		return f, fmt.Errorf("%s: %w", File, err)
	}
	err = json.Unmarshal(content, &f)
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		// Offset is how much was read, the character that is wrong included.
		return f, fmt.Errorf("%s: %s: %w", File, position(content, int(syntax.Offset)-1), err)
	case errors.As(err, &wrongType):
		return f, fmt.Errorf("%s: %s: must be a %s, and is a %s", File, position(content, int(wrongType.Offset)-1), wrongType.Type, wrongType.Value)
	}
	return f, err
}

// plainUTF8 refuses what an editor on Windows may have made of a file: neither
// Go nor Node.js reads it as JSON.
// https://www.rfc-editor.org/rfc/rfc8259#section-8.1
func plainUTF8(content []byte) error {
	const save = "save it as UTF-8 without one; cdktf cannot read it either"
	switch {
	case bytes.HasPrefix(content, []byte("\xEF\xBB\xBF")):
		return errors.New("begins with a byte order mark (BOM): " + save)
	case bytes.HasPrefix(content, []byte("\xFF\xFE")), bytes.HasPrefix(content, []byte("\xFE\xFF")):
		return errors.New("is UTF-16 with a byte order mark (BOM): " + save)
	case len(content) > 1 && (content[0] == 0 || content[1] == 0):
		return errors.New("is UTF-16 or UTF-32: save it as UTF-8; cdktf cannot read it either")
	}
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("%s: byte %#x is not UTF-8: save it as UTF-8", position(content, i), content[i])
		}
		i += size
	}
	return nil
}

// position is where the byte at an index stands, counted from 1, the column in
// characters.
func position(content []byte, index int) string {
	before := content[:max(0, min(index, len(content)))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, utf8.RuneCount(line)+1)
}
