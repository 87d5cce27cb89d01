//go:build browser

package browser

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/localaws"
)

// patience is above what a browser takes on a busy machine.
const patience = time.Minute

// open starts Chromium, which ends with the test.
func open(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // it shows nothing but what this test serves
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true), // all of it is on this machine
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium is needed (on Debian and Ubuntu: apt-get install chromium; on macOS: brew install --cask chromium): %v", err)
	}
	return ctx
}

// run has the browser do something, and returns what comes of it.
func run[T any](ctx context.Context, t *testing.T, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// look is what a page shows.
type look struct{ title, heading, text string }

func read(ctx context.Context, t *testing.T, url string) look {
	t.Helper()
	run(ctx, t, chromedp.Navigate(url))
	return look{run(ctx, t, chromedp.Title()), run(ctx, t, chromedp.Text("h1")), run(ctx, t, chromedp.Text("body"))}
}

// TestPage: stage's page, what a rollout of a changed text makes of it, and what the
// local AWS's own page says then.
func TestPage(t *testing.T) {
	script := bootScript(t)
	site := newSite(t, script)
	url, err := site.cloud.Door(site.url)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("the page is at %s, which is not what a browser beyond this machine reaches", url)
	}
	ctx := open(t)
	before, text := read(ctx, t, url), stacks.Stage.Cluster.ServerText
	if before.title != "webservers-stage" || before.heading != text || !strings.Contains(before.text, "Cluster: webservers-stage") || !strings.Contains(before.text, "Database: ") {
		t.Errorf("the page is %+v", before)
	}
	changed := text + ", changed"
	site.rollOut(strings.Replace(script, "<h1>"+text, "<h1>"+changed, 1))
	// All instances have the new text.
	for range 4 {
		if after := read(ctx, t, url); after.heading != changed || after.title != before.title {
			t.Errorf("after the rollout, the page is %+v", after)
		}
	}
	lookAtConsole(ctx, t, site)
}

// lookAtConsole looks at the page that shows what goes on in the local AWS.
func lookAtConsole(ctx context.Context, t *testing.T, site *site) {
	url, err := site.cloud.Console()
	if err != nil {
		t.Fatal(err)
	}
	page := read(ctx, t, url)
	if page.heading != "Local AWS, us-east-1" || strings.Count(page.text, "InService\thealthy") != 2 || !strings.Contains(page.text, "Successful, 100 % done") {
		t.Errorf("the console is %+v", page)
	}
	for _, server := range site.cloud.Servers.List() {
		if server.Version == "2" && !strings.Contains(page.text, server.ID) {
			t.Errorf("there is no %s in %s", server.ID, page.text)
		}
	}
}

// TestPictures: what the documentation shows is there, and not as a broken picture.
func TestPictures(t *testing.T) {
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(filepath.Join(root, "docs", "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("there is no picture in docs: %v", err)
	}
	ctx := open(t)
	for _, picture := range pictures {
		run(ctx, t, chromedp.Navigate("file://"+picture))
		width := run(ctx, t, chromedp.Evaluate[int]("document.images[0].naturalWidth"))
		height := run(ctx, t, chromedp.Evaluate[int]("document.images[0].naturalHeight"))
		colours := countColours(t, run(ctx, t, chromedp.CaptureScreenshot()))
		if width < 1000 || height < 500 || colours < 5 {
			t.Errorf("%s: %d x %d pixels, %d colours", filepath.Base(picture), width, height, colours)
		}
		// A browser shows what it can of a file that is cut off.
		content, err := os.ReadFile(picture)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(content)); err != nil {
			t.Errorf("%s: %v", filepath.Base(picture), err)
		}
	}
}

// countColours is how many colours there are in a screenshot, of a sample of its
// points: a blank one has one.
func countColours(t *testing.T, shot []byte) int {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[color.Color]bool{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			colours[picture.At(x, y)] = true
		}
	}
	return len(colours)
}

// TestPicturesAreNamed: the pages show no picture that is not there, and there is none
// that no page shows.
func TestPicturesAreNamed(t *testing.T) {
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	pages, _ := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`!\[[^\]]*\]\(([^)]+)\)`).FindAllStringSubmatch(string(content), -1) {
			path := filepath.Join(filepath.Dir(page), m[1])
			shown[path] = true
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", filepath.Base(page), err)
			}
		}
	}
	pictures, _ := filepath.Glob(filepath.Join(root, "docs", "*.png"))
	for _, picture := range pictures {
		if !shown[picture] {
			t.Errorf("no page shows %s", filepath.Base(picture))
		}
	}
}
