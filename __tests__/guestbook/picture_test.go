//go:build browser

package guestbook_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The picture in the documentation:
//
//	go -C __tests__ test -tags browser ./guestbook -run TestPicture -args -picture $PWD/docs/guestbook.png
var picture = flag.String("picture", "", "`file` for a picture of the guest book")

// TestPicture: a visitor with a browser writes a line, through the load balancer, and
// sees it.
func TestPicture(t *testing.T) {
	s := start(t)
	for i, line := range [][2]string{
		{"Ada", "The first instance that I ever drained. Went quietly."},
		{"Grace", "Found no bug in here. Will come again."},
		{"Alan", "Is this page served by a human?"},
	} {
		response, err := http.PostForm(s.url, url.Values{"name": {line[0]}, "text": {line[1]}, "token": {fmt.Sprint("picture-", i)}})
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK { // of the page that it leads to
			t.Fatalf("writing is answered with %s", response.Status)
		}
	}
	door, err := s.cloud.Door(s.url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("no-proxy-server", true))...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, step := range []struct {
		name string
		do   chromedp.Action[chromedp.Void]
	}{
		{"start Chromium, which is needed", chromedp.EmulateViewport(820, 900, chromedp.EmulateScale(2))},
		{"open the page", chromedp.Navigate(door)},
		{"write a name", chromedp.SendKeys("#name", "Linus")},
		{"write a line", chromedp.SendKeys("#text", "Welcome page, one request at a time.")},
		{"send it", chromedp.Submit("form")}, // Click waits for ever on a page that is scaled
		{"see it", chromedp.WaitVisible("article:nth-of-type(4)")},
	} {
		if err := chromedp.Do(ctx, step.do); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	if text, err := chromedp.Run(ctx, chromedp.Text("main")); err != nil || !strings.Contains(text, "Linus") || !strings.Contains(text, "stage, first edition") {
		t.Errorf("the page says %s (%v)", text, err)
	}
	if *picture == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*picture, shot, 0o644); err != nil {
		t.Fatal(err)
	}
}
