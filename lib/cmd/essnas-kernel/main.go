// Command essnas-kernel runs the Go kernel of Jupyter, GoNB, on a checkout of essnas. It is small,
// because it starts with every cell.
//
//	essnas-kernel CONNECTION_FILE   the kernel: GoNB, with all that it starts, dies with this process, and this one with Jupyter
//	essnas-kernel tools             builds the kernel's programs, unless they are up to date, and prints their directory
//	essnas-kernel gopls             begins to build the language server, unless it is up to date, and does not wait for it; the build ends with standard input
//	go ...                          what GoNB calls: under this name it is the go command, which finds modules in the checkout's go.mod and builds a cell as it built those before
//	goimports ...                   so it is goimports
//	gopls ...                       and gopls, with less memory
//	gonb_xyz ...                    a cell: under this name it runs gonb_xyz.cell, and makes something short of what a crash writes
//
// The environment says where things are: ESSNAS_ROOT is the checkout, ESSNAS_TOOLS the directory of
// gonb and goimports, which this program is in as well.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/jupyter"
)

func main() {
	name := filepath.Base(os.Args[0])
	switch {
	case name == "go":
		goCommand(os.Args[1:])
	case name == "goimports":
		goimports(os.Args[1:])
	case name == "gopls":
		gopls(os.Args[1:])
	case strings.HasPrefix(name, "gonb_"):
		cell(os.Args[0], os.Args[1:])
	case len(os.Args) == 2 && os.Args[1] == "tools":
		tools()
	case len(os.Args) >= 2 && os.Args[1] == "gopls":
		buildGopls(len(os.Args) == 3 && os.Args[2] == "detached")
	case len(os.Args) == 2:
		kernel(os.Args[1])
	default:
		fail(fmt.Errorf("usage: essnas-kernel CONNECTION_FILE; Jupyter calls it like this, from the kernelspec that essnas kernel install writes"))
	}
}

func tools() {
	tree, err := checkout.Find()
	if err == nil {
		var dir string
		dir, err = jupyter.Tools(context.Background(), tree, func(text string) { fmt.Fprintln(os.Stderr, text) })
		fmt.Println(dir)
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "essnas:", err)
	os.Exit(1)
}
