package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/mod/modfile"
)

// goCommand is the go command as GoNB calls it.
func goCommand(args []string) {
	root := os.Getenv("ESSNAS_ROOT")
	switch {
	case len(args) == 3 && args[0] == "mod" && args[1] == "init" && strings.HasPrefix(args[2], "gonb_"):
		if err := module(root, args[2]); err != nil {
			fail(err)
		}
	case len(args) > 0 && args[0] == "get" && (len(args) == 1 || len(args) == 2 && args[1] == "-t"):
		// GoNB calls "go get" for the imports of cells, which the checkout's go.mod has already.
	case len(args) > 0 && args[0] == "get": // a user requests a module by its name
		os.Setenv("GOPROXY", os.Getenv("ESSNAS_GOPROXY"))
		become(args)
	case len(args) >= 3 && args[0] == "build" && args[1] == "-o" && strings.HasPrefix(filepath.Base(args[2]), "gonb_") && os.Getenv("GOOS") != "js":
		build(args)
	default:
		become(args)
	}
}

func become(args []string) {
	fail(syscall.Exec(os.Getenv("ESSNAS_GO"), append([]string{"go"}, args...), os.Environ()))
}

// module writes the cells' go.mod: the requirements of the checkout's module, and the checkout
// itself. It returns an error if a file can't be read or written.
func module(root, name string) error {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	project := mod.Module.Mod.Path
	if err := mod.AddModuleStmt(name); err != nil {
		return err
	}
	for _, tool := range slices.Clone(mod.Tool) {
		if err := mod.DropTool(tool.Path); err != nil {
			return err
		}
	}
	if err := mod.AddRequire(project, "v0.0.0"); err != nil {
		return err
	}
	if err := mod.AddReplace(project, "", root, ""); err != nil {
		return err
	}
	mod.Cleanup()
	if text, err = mod.Format(); err != nil {
		return err
	}
	if err := os.WriteFile("go.mod", text, 0o600); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	return os.WriteFile("go.sum", sums, 0o600)
}

// build builds the cell as NAME.cell and links NAME to this program, which runs the cell.
func build(args []string) {
	name := args[2]
	args[2] = name + ".cell"
	if len(args) > 3 || !byRecipe(name, args[2]) {
		checked(exec.Command(os.Getenv("ESSNAS_GO"), args...))
	}
	self, err := os.Executable()
	if err == nil {
		err = link(self, name)
	}
	if err != nil {
		fail(err)
	}
}

// checked runs a tool on a cell. If the cell is faulty, checked prints a few lines with the reason
// and ends the process.
func checked(tool *exec.Cmd) {
	out, err := tool.CombinedOutput()
	if err == nil {
		return
	}
	exit := new(exec.ExitError)
	if !errors.As(err, &exit) {
		fail(err)
	}
	os.Stdout.Write(complaints(out))
	os.Exit(max(1, exit.ExitCode()))
}
