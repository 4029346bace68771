package customcall

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// function matches a function made by Call in the text of a StableHLO program, from its name to its
// closing brace: indentation, name, kernel, numbers, parameters, results.
//
//	func.func @essnas_max_pool__3_1_1_8__(%a0: tensor<4x8x8x2xf32>) -> (tensor<4x8x8x2xf32>, tensor<4x8x8x2xi8>) {
//	  ...
//	}
var function = regexp.MustCompile(`(?ms)^( *)func\.func @(essnas_([a-z_]+?)__([0-9_]*?)__(?:_[0-9]+)?)\((.*?)\) -> (.*?) \{\n.*?^ *\}\n`)

// Install inserts the kernels into a program (StableHLO as text): it replaces the bodies of the
// functions made by [Call] by calls of kernels, and leaves the rest unchanged. n is the number of
// these functions. Install returns an error if it does not know a kernel or does not find one of
// the functions.
func Install(program []byte) (out []byte, n int, err error) {
	made := bytes.Count(program, []byte("func.func @essnas_"))
	if made == 0 {
		return program, 0, nil
	}
	at := 0
	for _, m := range function.FindAllSubmatchIndex(program, -1) {
		part := func(i int) string { return string(program[m[2*i]:m[2*i+1]]) }
		indent, name, kernel, numbers, parameters, results := part(1), part(2), part(3), part(4), part(5), part(6)
		if !has(kernel) {
			return nil, 0, fmt.Errorf("there is no kernel %q", kernel)
		}
		var names, types []string
		for _, p := range strings.Split(parameters, ", ") {
			name, kind, _ := strings.Cut(p, ": ")
			names, types = append(names, name), append(types, kind)
		}
		var outs []string
		for i := range strings.Count(results, "tensor<") {
			outs = append(outs, fmt.Sprint("%y", i))
		}
		config := "{}"
		if numbers != "" {
			config = "{p = array<i64: " + strings.ReplaceAll(numbers, "_", ", ") + ">}"
		}
		out = append(out, program[at:m[0]]...)
		out = fmt.Appendf(out, "%sfunc.func @%s(%s) -> %s {\n", indent, name, parameters, results)
		out = fmt.Appendf(out, "%s  %s = \"stablehlo.custom_call\"(%s) {call_target_name = \"essnas_%s\", api_version = 4 : i32, backend_config = %s} : (%s) -> %s\n",
			indent, strings.Join(outs, ", "), strings.Join(names, ", "), kernel, config, strings.Join(types, ", "), results)
		out = fmt.Appendf(out, "%s  \"stablehlo.return\"(%s) : (%s) -> ()\n%s}\n", indent, strings.Join(outs, ", "), strings.Trim(results, "()"), indent)
		at = m[1]
		n++
	}
	if n != made {
		return nil, 0, fmt.Errorf("%d of %d kernels were not found in the program", made-n, made)
	}
	return append(out, program[at:]...), n, nil
}
