// The part of XLA's foreign function interface that handlers.c needs. Order and layout are those of
// xla/ffi/api/c_api.h (OpenXLA, Apache 2.0) and pjrt_c_api_ffi_extension.h. Names lack their
// prefixes. New versions of both interfaces append to their structs only.
#ifndef ESSNAS_FFI_H
#define ESSNAS_FFI_H

#include <stddef.h>
#include <stdint.h>

typedef struct ffi_error ffi_error;
typedef struct ffi_context ffi_context;

#define FFI_HEAD size_t struct_size; void *extension_start

typedef struct { FFI_HEAD; int major_version, minor_version; } ffi_version;

// The version of the interface in this file. A plugin queries it at the registration of a handler,
// and rejects a handler of another version.
enum { FFI_MAJOR = 0, FFI_MINOR = 2 };

typedef struct { FFI_HEAD; const char *message; int code; } ffi_error_create;
typedef struct { FFI_HEAD; ffi_error *error; } ffi_error_destroy;

typedef struct { FFI_HEAD; ffi_context *ctx; void (*task)(void *); void *data; } ffi_schedule;
typedef struct { FFI_HEAD; ffi_context *ctx; int64_t *threads; } ffi_threads;

typedef struct {
  FFI_HEAD;
  ffi_version version;
  const void *internal;
  ffi_error *(*error_create)(ffi_error_create *);
  void *error_message;
  void (*error_destroy)(ffi_error_destroy *);
  void *handler_register, *stream_get, *type_register, *context_get, *state_set, *state_get, *memory_allocate, *memory_free;
  ffi_error *(*schedule)(ffi_schedule *);
  ffi_error *(*threads)(ffi_threads *);
} ffi_api;

enum { FFI_F32 = 11, FFI_S8 = 2 };

typedef struct { FFI_HEAD; int dtype; void *data; int64_t rank; int64_t *dims; } ffi_buffer;
typedef struct { int dtype; size_t size; void *data; } ffi_array;
typedef struct { FFI_HEAD; int64_t size; int *types; void **at; } ffi_buffers; // arguments, results
typedef struct { FFI_HEAD; int64_t size; int *types; void **names; void **at; } ffi_attributes;

typedef struct {
  FFI_HEAD;
  const ffi_api *api;
  ffi_context *ctx;
  int stage;
  ffi_buffers in, out;
  ffi_attributes attributes;
} ffi_call;

typedef ffi_error *(*ffi_handler)(ffi_call *);

// An extension of a call by which XLA queries the version and the traits of a handler.
typedef struct ffi_extension { size_t struct_size; int type; struct ffi_extension *next; } ffi_extension;
enum { FFI_METADATA = 1 };
typedef struct { size_t struct_size; ffi_version version; uint32_t traits; } ffi_metadata;
typedef struct { ffi_extension base; ffi_metadata *metadata; } ffi_ask;

// PJRT's extension that registers handlers.
enum { PJRT_FFI = 5 };
typedef struct {
  size_t struct_size;
  const char *target;
  size_t target_size;
  void *handler;
  const char *platform;
  size_t platform_size;
  int traits;
} pjrt_register;
typedef struct { ffi_extension base; void *type_register, *data_add; void *(*handler_register)(pjrt_register *); } pjrt_ffi;

#endif
