package constructs

import (
	"bytes"
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/archive"
	"example.com/webserver-cluster/internal/faults"
)

// check adds the faults of an application that runs on instances of an architecture.
func (a Application) check(f *faults.List, facts map[string]string, architecture string) {
	a = a.withDefaults()
	a.checkFiles(f, architecture)
	for i, word := range a.Command {
		checkLine(f, fmt.Sprintf("Application.Command[%d]", i), word)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Environment)) {
		field := fmt.Sprintf("Application.Environment[%q]", name)
		if _, ours := facts[name]; ours {
			f.Add(field, a.Environment[name], "is a fact of the cluster's, which the application gets anyway: take another name")
		} else if !variableNameRule.MatchString(name) {
			f.Add(field, a.Environment[name], "must be the name of an environment variable: letters, digits and _, no digit first")
		}
		checkLine(f, field, a.Environment[name])
	}
	if !userNameRule.MatchString(a.User) {
		f.Add("Application.User", a.User, "must be a user's name: 1 to 31 lower-case letters, digits, _ and -, a letter or _ first")
	} else if a.User == "root" {
		f.Add("Application.User", a.User, "may do everything: take a user without rights")
	}
}

// checkFiles checks that the files are there, and that the program is one that the
// instances can run.
func (a Application) checkFiles(f *faults.List, architecture string) {
	if len(a.Command) == 0 || a.Command[0] == "" {
		f.Missing("Application.Command", "the program that serves, and its arguments")
	}
	if a.Path == "" {
		f.Missing("Application.Path", "the folder with what you have built")
		return
	}
	files, err := archive.Open(a.Path)
	for _, fault := range faults.Each(err) {
		f.Add("Application.Path", a.Path, "%v", fault)
	}
	program := a.inFolder()
	if len(a.Command) > 0 && a.Command[0] != "" && !programRule.MatchString(a.Command[0]) {
		f.Add("Application.Command[0]", a.Command[0], "must be a path of letters, digits and _ . / + -")
		return
	}
	if err != nil || program == "" || a.Command[0] == "" {
		return
	}
	head, err := files.Program(program, elfHeader)
	if err != nil {
		f.Add("Application.Command[0]", a.Command[0], "%v (%s)", err, a.Path)
	} else if kind := programKind(head); kind != "" && kind != architecture {
		f.Add("Application.Command[0]", a.Command[0], "is a program for %s, and the instances run Linux on %s", kind, architecture)
	}
}

// elfHeader is the size of the header that says what a program of Linux is for, in
// bytes.
const elfHeader = 64

// programKind is what a program is for, by its first bytes: the architecture as names
// of images have it, for Linux; "" for a script, or anything unknown.
func programKind(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("MZ")):
		return "Windows"
	// Mach-O, for one processor or several.
	// https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h
	case bytes.HasPrefix(head, []byte("\xcf\xfa\xed\xfe")), bytes.HasPrefix(head, []byte("\xca\xfe\xba\xbe")):
		return "macOS"
	case !bytes.HasPrefix(head, []byte(elf.ELFMAG)) || len(head) < 20:
		return ""
	}
	switch machine := elf.Machine(uint16(head[18]) | uint16(head[19])<<8); machine {
	case elf.EM_X86_64:
		return "x86_64"
	case elf.EM_AARCH64:
		return "arm64"
	default:
		return strings.TrimPrefix(machine.String(), "EM_")
	}
}
