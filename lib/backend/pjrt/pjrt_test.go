package pjrt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin/plugintest"
)

// pjrt.h declares a part of pjrt_c_api.h by hand. The C compiler checks every field of every struct
// and every place in the table against the header that go-xla is built with.
func TestStructsAgreeWithTheHeader(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	header := filepath.Join(strings.TrimSpace(string(out)), "pjrt", "pjrt_c_api.h")
	ours, err := os.ReadFile("pjrt.h")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{
		"pj_error_destroy":                   "PJRT_Error_Destroy_Args",
		"pj_error_message":                   "PJRT_Error_Message_Args",
		"pj_program":                         "PJRT_Program",
		"pj_client_compile":                  "PJRT_Client_Compile_Args",
		"pj_loaded_execute":                  "PJRT_LoadedExecutable_Execute_Args",
		"pj_client_buffer_from_host":         "PJRT_Client_BufferFromHostBuffer_Args",
		"pj_executable_destroy":              "PJRT_Executable_Destroy_Args",
		"pj_loaded_destroy":                  "PJRT_LoadedExecutable_Destroy_Args",
		"pj_executable_serialize":            "PJRT_Executable_Serialize_Args",
		"pj_loaded_get_executable":           "PJRT_LoadedExecutable_GetExecutable_Args",
		"pj_executable_deserialize_and_load": "PJRT_Executable_DeserializeAndLoad_Args",
		"pj_topology_serialize":              "PJRT_TopologyDescription_Serialize_Args",
		"pj_client_topology":                 "PJRT_Client_TopologyDescription_Args",
		"pj_client_addressable_devices":      "PJRT_Client_AddressableDevices_Args",
		"pj_device_memory_stats":             "PJRT_Device_MemoryStats_Args",
		"pj_executable_outputs":              "PJRT_Executable_NumOutputs_Args",
		"pj_buffer_destroy":                  "PJRT_Buffer_Destroy_Args",
		"pj_buffer_size":                     "PJRT_Buffer_OnDeviceSizeInBytes_Args",
		"pj_client_view":                     "PJRT_Client_CreateViewOfDeviceBuffer_Args",
	}
	places := map[string]string{
		"PJ_ERROR_DESTROY":                   "PJRT_Error_Destroy",
		"PJ_ERROR_MESSAGE":                   "PJRT_Error_Message",
		"PJ_CLIENT_COMPILE":                  "PJRT_Client_Compile",
		"PJ_EXECUTABLE_DESTROY":              "PJRT_Executable_Destroy",
		"PJ_EXECUTABLE_SERIALIZE":            "PJRT_Executable_Serialize",
		"PJ_LOADED_DESTROY":                  "PJRT_LoadedExecutable_Destroy",
		"PJ_LOADED_GET_EXECUTABLE":           "PJRT_LoadedExecutable_GetExecutable",
		"PJ_EXECUTABLE_DESERIALIZE_AND_LOAD": "PJRT_Executable_DeserializeAndLoad",
		"PJ_TOPOLOGY_SERIALIZE":              "PJRT_TopologyDescription_Serialize",
		"PJ_CLIENT_TOPOLOGY":                 "PJRT_Client_TopologyDescription",
		"PJ_EVENT_AWAIT":                     "PJRT_Event_Await",
		"PJ_CLIENT_ADDRESSABLE_DEVICES":      "PJRT_Client_AddressableDevices",
		"PJ_DEVICE_MEMORY_STATS":             "PJRT_Device_MemoryStats",
		"PJ_CLIENT_BUFFER_FROM_HOST":         "PJRT_Client_BufferFromHostBuffer",
		"PJ_LOADED_EXECUTE":                  "PJRT_LoadedExecutable_Execute",
		"PJ_EXECUTABLE_OUTPUTS":              "PJRT_Executable_NumOutputs",
		"PJ_BUFFER_DESTROY":                  "PJRT_Buffer_Destroy",
		"PJ_BUFFER_SIZE":                     "PJRT_Buffer_OnDeviceSizeInBytes",
		"PJ_CLIENT_VIEW":                     "PJRT_Client_CreateViewOfDeviceBuffer",
	}
	var c strings.Builder
	fmt.Fprintf(&c, "#include %q\n#include %q\n", header, filepath.Join(here, "pjrt.h"))
	checks := 0
	check := func(format string, a ...any) {
		condition := fmt.Sprintf(format, a...)
		fmt.Fprintf(&c, "_Static_assert(%s, %q);\n", condition, condition)
		checks++
	}
	same := func(mine, field, other string) {
		check("offsetof(%s, %s) == offsetof(%s, %s)", mine, field, other, field)
		check("sizeof(((%s *)0)->%s) == sizeof(((%s *)0)->%s)", mine, field, other, field)
	}
	// not pj_api, see below
	declaration := regexp.MustCompile(`typedef struct \{\s*PJ_HEAD;([^{}]*)\} (\w+);`)
	field := regexp.MustCompile(`(\w+)(?:\)\([^)]*\))?;`)
	for _, d := range declaration.FindAllStringSubmatch(withoutComments(string(ours)), -1) {
		body, mine := d[1], d[2]
		other, ok := theirs[mine]
		if !ok {
			t.Errorf("%s is not held against the header", mine)
			continue
		}
		same(mine, "struct_size", other)
		same(mine, "extension_start", other)
		for _, f := range field.FindAllStringSubmatch(body, -1) {
			same(mine, f[1], other)
		}
		check("sizeof(%s) == sizeof(%s)", mine, other)
		delete(theirs, mine)
	}
	for _, f := range []string{"struct_size", "pjrt_api_version.major_version", "pjrt_api_version.minor_version"} {
		same("pj_api", f, "PJRT_Api")
	}
	if len(theirs) != 0 {
		t.Errorf("not found in pjrt.h: %v", theirs)
	}
	for mine, other := range places {
		check("offsetof(pj_api, function) + %s * sizeof(pj_function) == offsetof(PJRT_Api, %s)", mine, other)
	}
	if checks < 100 {
		t.Errorf("only %d checks: is pjrt.h read rightly?", checks)
	}
	source := filepath.Join(t.TempDir(), "check.c")
	if err := os.WriteFile(source, []byte(c.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(plugintest.Compiler(t), "-std=c11", "-fsyntax-only", source).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func withoutComments(c string) string { return regexp.MustCompile(`//.*`).ReplaceAllString(c, "") }
