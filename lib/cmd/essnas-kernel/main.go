// Command essnas-kernel runs the Go kernel of Jupyter, GoNB, on a checkout of essnas. It is small,
// because every cell starts it.
//
//	essnas-kernel CONNECTION_FILE   run the kernel; GoNB ends with this process, and this process
//	                                ends with Jupyter
//	essnas-kernel tools             build the kernel's programs and print their directory
//	essnas-kernel gopls             build the language server in the background; the build ends
//	                                with standard input
//
// GoNB calls this program under further names:
//
//	go ...         the go command; it takes modules from the checkout's go.mod and builds cells by
//	               the recipe of earlier ones
//	goimports ...  goimports, with the checkout's packages added first
//	gopls ...      the language server, with less memory
//	gonb_xyz ...   the cell gonb_xyz.cell, with short texts of crashes
//
// Two environment variables name directories: ESSNAS_ROOT is the checkout; ESSNAS_TOOLS contains
// gonb, goimports and this program.
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
