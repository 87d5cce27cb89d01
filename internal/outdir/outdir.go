// Package outdir knows where the project is for Terraform, which runs in the
// output folder of a stack.
package outdir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ToProject is the path from the folder in which Terraform runs for a stack to the
// project's folder, in which the app runs: ../../.. unless cdktf was told of another
// output folder. It panics if the output folder, which the app has made, is not
// there.
func ToProject(outputFolder, stack string) string {
	path, err := relative(outputFolder, stack)
	if err != nil {
		panic(fmt.Errorf("the path from the output folder to the project's: %w", err))
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(filepath.ToSlash(path))
}

func relative(outputFolder, stack string) (string, error) {
	project, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if outputFolder, err = filepath.Abs(outputFolder); err != nil {
		return "", err
	}
	// ".." of a folder that is reached by a link is that of the folder itself.
	if project, err = filepath.EvalSymlinks(project); err != nil {
		return "", err
	}
	if outputFolder, err = filepath.EvalSymlinks(outputFolder); err != nil {
		return "", err
	}
	return filepath.Rel(filepath.Join(outputFolder, "stacks", stack), project)
}
