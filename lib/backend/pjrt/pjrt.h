// The part of PJRT's C interface that hook.go needs: a table of functions, each of which takes one struct. Names, order
// and layout are those of pjrt_c_api.h (OpenXLA, Apache 2.0) with the prefix PJRT_ and the suffix _Args left out; the
// interface grows only at the ends of the table and of the structs. pjrt_test.go holds this file against the header.
#ifndef ESSNAS_PJRT_H
#define ESSNAS_PJRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pj_error pj_error;
typedef struct pj_client pj_client;
typedef struct pj_device pj_device;
typedef struct pj_topology pj_topology;
typedef struct pj_executable pj_executable; // what was compiled
typedef struct pj_loaded pj_loaded;         // the same, ready to run on a client's devices
typedef struct pj_buffer pj_buffer;

// Places of functions in the table.
enum {
  PJ_ERROR_DESTROY = 0,
  PJ_ERROR_MESSAGE = 1,
  PJ_EVENT_AWAIT = 8,
  PJ_CLIENT_ADDRESSABLE_DEVICES = 16,
  PJ_CLIENT_COMPILE = 20,
  PJ_CLIENT_BUFFER_FROM_HOST = 22,
  PJ_DEVICE_MEMORY_STATS = 34,
  PJ_EXECUTABLE_DESTROY = 40,
  PJ_EXECUTABLE_OUTPUTS = 44,
  PJ_EXECUTABLE_SERIALIZE = 49,
  PJ_LOADED_DESTROY = 50,
  PJ_LOADED_GET_EXECUTABLE = 51,
  PJ_LOADED_EXECUTE = 55,
  PJ_EXECUTABLE_DESERIALIZE_AND_LOAD = 56,
  PJ_BUFFER_DESTROY = 58,
  PJ_BUFFER_SIZE = 64, // OnDeviceSizeInBytes
  PJ_TOPOLOGY_SERIALIZE = 87,
  PJ_CLIENT_VIEW = 93, // CreateViewOfDeviceBuffer
  PJ_CLIENT_TOPOLOGY = 95,
};

typedef pj_error *(*pj_function)(void *args); // Error_Destroy and Error_Message return nothing

typedef struct {
  size_t struct_size; // of the whole table
  void *extension_start;
  struct {
    size_t struct_size;
    void *extension_start;
    int major_version, minor_version;
  } pjrt_api_version;
  pj_function function[];
} pj_api;

// Every struct of arguments begins with its size, set by the caller, and a list of extensions.
#define PJ_HEAD size_t struct_size; void *extension_start

typedef struct { PJ_HEAD; pj_error *error; } pj_error_destroy;

typedef struct {
  PJ_HEAD;
  const pj_error *error;
  const char *message; // out, as are those below that the comments name
  size_t message_size;
} pj_error_message;

typedef struct {
  PJ_HEAD;
  char *code;
  size_t code_size;
  const char *format;
  size_t format_size;
} pj_program;

typedef struct {
  PJ_HEAD;
  pj_client *client;
  const pj_program *program;
  const char *compile_options;
  size_t compile_options_size;
  pj_loaded *executable; // out
} pj_client_compile;

typedef struct { PJ_HEAD; pj_executable *executable; } pj_executable_destroy;

typedef struct { PJ_HEAD; pj_loaded *executable; } pj_loaded_destroy;

typedef struct {
  PJ_HEAD;
  pj_loaded *executable;
  void *options;
  pj_buffer *const *const *argument_lists;
  size_t num_devices;
  size_t num_args;
  pj_buffer **const *output_lists; // out
  void **device_complete_events;   // NULL, or out
  pj_device *execute_device;
} pj_loaded_execute;

typedef struct { PJ_HEAD; pj_executable *executable; size_t num_outputs; } pj_executable_outputs; // the last is out
typedef struct { PJ_HEAD; pj_buffer *buffer; } pj_buffer_destroy;
typedef struct { PJ_HEAD; pj_buffer *buffer; size_t on_device_size_in_bytes; } pj_buffer_size; // the last is out

typedef struct {
  PJ_HEAD;
  pj_client *client;
  void *device_buffer_ptr;
  const int64_t *dims;
  size_t num_dims;
  int element_type;
  void *layout;
  pj_device *device;
  void (*on_delete_callback)(void *device_buffer_ptr, void *user_arg);
  void *on_delete_callback_arg;
  intptr_t stream;
  pj_buffer *buffer; // out
  void *memory;
} pj_client_view;

enum { PJ_ONLY_DURING_CALL = 0 }; // the host's array may change when the call has ended

typedef struct {
  PJ_HEAD;
  pj_client *client;
  const void *data;
  int type;
  const int64_t *dims;
  size_t num_dims;
  const int64_t *byte_strides;
  size_t num_byte_strides;
  int host_buffer_semantics;
  pj_device *device;
  void *memory;
  void *device_layout;
  void *done_with_host_buffer; // out, both
  pj_buffer *buffer;
} pj_client_buffer_from_host;

typedef struct {
  PJ_HEAD;
  const pj_executable *executable;
  const char *serialized_bytes; // out, all four
  size_t serialized_bytes_size;
  void *serialized_executable;
  void (*serialized_executable_deleter)(void *);
} pj_executable_serialize;

typedef struct {
  PJ_HEAD;
  pj_loaded *loaded_executable;
  pj_executable *executable; // out
} pj_loaded_get_executable;

typedef struct {
  PJ_HEAD;
  pj_client *client;
  const char *serialized_executable;
  size_t serialized_executable_size;
  pj_loaded *loaded_executable; // out
  const char *overridden_serialized_compile_options;
  size_t overridden_serialized_compile_options_size;
} pj_executable_deserialize_and_load;

typedef struct {
  PJ_HEAD;
  pj_topology *topology;
  const char *serialized_bytes; // out, all four
  size_t serialized_bytes_size;
  void *serialized_topology;
  void (*serialized_topology_deleter)(void *);
} pj_topology_serialize;

typedef struct {
  PJ_HEAD;
  pj_client *client;
  pj_topology *topology; // out
} pj_client_topology;

typedef struct {
  PJ_HEAD;
  pj_client *client;
  pj_device *const *addressable_devices; // out, both
  size_t num_addressable_devices;
} pj_client_addressable_devices;

typedef struct {
  PJ_HEAD;
  pj_device *device;
  int64_t bytes_in_use; // out, all of them
  int64_t peak_bytes_in_use;
  bool peak_bytes_in_use_is_set;
  int64_t num_allocs;
  bool num_allocs_is_set;
  int64_t largest_alloc_size;
  bool largest_alloc_size_is_set;
  int64_t bytes_limit;
  bool bytes_limit_is_set;
  int64_t bytes_reserved;
  bool bytes_reserved_is_set;
  int64_t peak_bytes_reserved;
  bool peak_bytes_reserved_is_set;
  int64_t bytes_reservable_limit;
  bool bytes_reservable_limit_is_set;
  int64_t largest_free_block_bytes;
  bool largest_free_block_bytes_is_set;
  int64_t pool_bytes;
  bool pool_bytes_is_set;
  int64_t peak_pool_bytes;
  bool peak_pool_bytes_is_set;
} pj_device_memory_stats;

#endif
