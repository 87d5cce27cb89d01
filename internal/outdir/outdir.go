// Package outdir knows where the project is for Terraform, which runs in the
// output folder of a stack.
package outdir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Stack is the folder of a stack in the output folder, in which Terraform runs.
func Stack(outputFolder, stack string) string { return filepath.Join(outputFolder, "stacks", stack) }

// FromProject is the path from the project's folder to that of the stack, and panics as
// ToProject does.
func FromProject(outputFolder, stack string) string {
	path, err := between(outputFolder, func(project, output string) (string, error) {
		return filepath.Rel(project, Stack(output, stack))
	})
	return forTerraform(path, err)
}

// ToProject is the path from the folder in which Terraform runs for a stack to the
// project's folder, in which the app runs: ../../.. unless cdktf was told of another
// output folder. It panics if the output folder, which the app has made, is not
// there.
func ToProject(outputFolder, stack string) string {
	path, err := between(outputFolder, func(project, output string) (string, error) {
		return filepath.Rel(Stack(output, stack), project)
	})
	return forTerraform(path, err)
}

func forTerraform(path string, err error) string {
	if err != nil {
		panic(fmt.Errorf("the path between the output folder and the project's: %w", err))
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(filepath.ToSlash(path))
}

// between calls rel with the true paths of both folders: ".." of a folder that is
// reached by a link is that of the folder itself.
func between(outputFolder string, rel func(project, output string) (string, error)) (string, error) {
	project, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if outputFolder, err = filepath.Abs(outputFolder); err != nil {
		return "", err
	}
	if project, err = filepath.EvalSymlinks(project); err != nil {
		return "", err
	}
	if outputFolder, err = filepath.EvalSymlinks(outputFolder); err != nil {
		return "", err
	}
	return rel(project, outputFolder)
}
