package customcall

import (
	"strings"
	"testing"
	"unsafe"
)

// A plugin without an interface for kernels, or with an older one, computes without them.
func TestAnotherPluginTakesNoKernels(t *testing.T) {
	extension := struct { // as in ffi.h
		size uintptr
		kind int32
		next unsafe.Pointer
		rest [3]uintptr
	}{size: 8, kind: 5}
	short := unsafe.Pointer(&extension)
	for _, p := range []struct {
		name       string
		extensions unsafe.Pointer
		version    int
	}{{"no extension", nil, 81}, {"an extension without registration", short, 81}, {"an older table", short, 80}} {
		if err := Register(p.extensions, p.version); err == nil || Set() != "" {
			t.Errorf("%s: %v, set %q", p.name, err, Set())
		}
	}
}

const program = `module @m {
  func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0, %1 = "func.call"(%x) { callee = @essnas_max_pool__3_1__ } : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi8>)
    "stablehlo.return"(%0) : (tensor<2x3xf32>) -> ()
  }

  func.func @essnas_max_pool__3_1__(%a0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi8>) {
    %0 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    "stablehlo.return"(%0, %0) : (tensor<2x3xf32>, tensor<2x3xi8>) -> ()
  }

  func.func @essnas_moments_____1(%a0: tensor<2x3xf32>, %a1: tensor<f32>) -> tensor<2xf32> {
    %0 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    "stablehlo.return"(%0) : (tensor<2xf32>) -> ()
  }
}
`

func TestFunctionsBecomeCallsOfKernelsAndNothingElseChanges(t *testing.T) {
	got, n, err := Install([]byte(program))
	if err != nil || n != 2 {
		t.Fatalf("%d kernels, %v", n, err)
	}
	main, _, _ := strings.Cut(program, "  func.func @essnas")
	want := main + `  func.func @essnas_max_pool__3_1__(%a0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi8>) {
    %y0, %y1 = "stablehlo.custom_call"(%a0) {call_target_name = "essnas_max_pool", api_version = 4 : i32, backend_config = {p = array<i64: 3, 1>}} : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi8>)
    "stablehlo.return"(%y0, %y1) : (tensor<2x3xf32>, tensor<2x3xi8>) -> ()
  }

  func.func @essnas_moments_____1(%a0: tensor<2x3xf32>, %a1: tensor<f32>) -> tensor<2xf32> {
    %y0 = "stablehlo.custom_call"(%a0, %a1) {call_target_name = "essnas_moments", api_version = 4 : i32, backend_config = {}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
    "stablehlo.return"(%y0) : (tensor<2xf32>) -> ()
  }
}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAProgramWithoutKernelsStaysAsItIs(t *testing.T) {
	main := program[:strings.Index(program, "    %0, %1")]
	if got, n, err := Install([]byte(main)); string(got) != main || n != 0 || err != nil {
		t.Errorf("%d, %v\n%s", n, err, got)
	}
}

// A function that kept its body would compute zeros.
func TestAFunctionWithoutItsKernelIsAnError(t *testing.T) {
	for _, strange := range []string{strings.ReplaceAll(program, "max_pool", "min_pool"), strings.ReplaceAll(program, "__3_1__", "__3x1__")} {
		if _, _, err := Install([]byte(strange)); err == nil {
			t.Error("no error")
		}
	}
}
