package main

import (
	"crypto/rand"
	_ "embed"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The most characters of what a visitor writes.
const (
	maxName = 60
	maxText = 500
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// edition tells one version of the guest book from the next: go build -ldflags
// "-X main.edition=second".
var edition = "first"

// view is what the page shows.
type view struct {
	Environment, Server string
	Edition             string
	Greeting            string
	Token               string // of the form: sent twice, it makes one entry
	Entries             []entry
	Fault               string
}

func routes(s *store, healthPath string) http.Handler {
	mux := http.NewServeMux()
	// It does not ask the database: were that one down, new servers would not help, and
	// every server would be replaced.
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { show(w, r, s, "") })
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) { write(w, r, s) })
	return mux
}

// show answers with the page, and with what was wrong if something was.
func show(w http.ResponseWriter, r *http.Request, s *store, fault string) {
	server, _ := os.Hostname()
	v := view{
		Environment: os.Getenv("ENVIRONMENT"), Server: server, Greeting: os.Getenv("GREETING"),
		Edition: edition, Token: rand.Text(), Fault: fault,
	}
	status := http.StatusOK
	if fault != "" {
		status = http.StatusBadRequest
	}
	var err error
	if v.Entries, err = s.newest(r.Context(), 20); err != nil {
		slog.Error("reading the entries", "error", err)
		status, v.Fault = http.StatusServiceUnavailable, "The guest book is closed for a moment. Please come back soon."
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := page.Execute(w, v); err != nil {
		slog.Error("writing the page", "error", err)
	}
}

// write keeps what a visitor has written.
func write(w http.ResponseWriter, r *http.Request, s *store) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	e := entry{Name: strings.TrimSpace(r.PostFormValue("name")), Text: strings.TrimSpace(r.PostFormValue("text"))}
	token := r.PostFormValue("token")
	switch {
	case !between(e.Name, 1, maxName):
		show(w, r, s, "Please tell us your name, in 60 characters at the most.")
	case !between(e.Text, 1, maxText):
		show(w, r, s, "Please write something, in 500 characters at the most.")
	case !tokenRule.MatchString(token):
		show(w, r, s, "Please send the form once more.")
	default:
		if err := s.add(r.Context(), token, e); err != nil {
			slog.Error("writing an entry", "error", err)
			http.Error(w, "Your entry could not be kept. Please send it once more.", http.StatusServiceUnavailable)
			return
		}
		// Not the page itself: who reloads it would send the form again.
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// tokenRule is the form of tokens, as the column has it.
var tokenRule = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

func between(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return utf8.ValidString(text) && n >= least && n <= most
}
