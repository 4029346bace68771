package jupyter_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/jupyter"
)

// A saved notebook in which a shell command has failed. Jupyter itself does not count that as an
// error.
func ExampleNotebook_Faults() {
	dir, err := os.MkdirTemp("", "notebook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "failed.ipynb")
	text := `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{
		"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "!false",
		"outputs": [{"output_type": "stream", "name": "stderr", "text": "exit status 1\n"}]}]}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		panic(err)
	}
	n, err := jupyter.Open(path)
	if err != nil {
		panic(err)
	}
	for _, fault := range n.Faults() {
		fmt.Println(fault)
	}
	// Output:
	// cell 1: exit status 1
}
