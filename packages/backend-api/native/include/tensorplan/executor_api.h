/* The C interface between the native executor and backends' devices. An add-on hands the executor a `tp_device_api*` in a napi External
 * tagged with TP_DEVICE_API_TAG_LO/HI; nothing else is shared, so add-ons may be built by different compilers.
 *
 * A step is a DAG of tasks. Each device has one queue, which the executor feeds from one thread in the plan's order. `enqueue` may return
 * before the work is done; it calls `host->signal(done, …)` once it is. Functions must not throw and must not call JavaScript. */
#ifndef TENSORPLAN_EXECUTOR_API_H
#define TENSORPLAN_EXECUTOR_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TP_ABI_VERSION 1u
#define TP_DEVICE_API_TAG_LO 0x74656e736f72706cULL
#define TP_DEVICE_API_TAG_HI 0x616e2d6465766963ULL
#define TP_PROGRAM_TAG_LO 0x74656e736f72706cULL
#define TP_PROGRAM_TAG_HI 0x616e2d70726f6772ULL

typedef enum tp_status { TP_OK = 0, TP_CANCELLED = 1, TP_FAILED = 2 } tp_status;

typedef enum tp_region { TP_REGION_WEIGHTS = 0, TP_REGION_STATES = 1, TP_REGION_INPUTS = 2, TP_REGION_ARENA = 3 } tp_region;

/* Owned by the executor; signalled exactly once in a step. */
typedef struct tp_event tp_event;

/* What the executor offers to a device during a step. */
typedef struct tp_host {
  uint32_t abi;
  /* `message` is copied; NULL when status is TP_OK. Callable from any thread. */
  void (*signal)(tp_event* event, tp_status status, const char* message);
  /* Blocks until the event is signalled and returns its status. */
  tp_status (*wait)(tp_event* event);
  /* 1 when the step was cancelled: long work should stop soon and signal TP_CANCELLED. */
  int (*cancelled)(const struct tp_host* host);
  void* state;
} tp_host;

/* Values of the program's symbols, in the order in which it was compiled. Valid until `done` is signalled. */
typedef struct tp_bindings {
  const int64_t* symbols;
  size_t symbol_count;
} tp_bindings;

typedef struct tp_device_api {
  uint32_t abi;
  void* device;
  /* Runs `program` (the pointer inside a TP_PROGRAM external) after all `waits` are signalled TP_OK. */
  void (*enqueue)(void* device, void* program, const tp_bindings* bindings, const tp_host* host, tp_event* const* waits,
                  size_t wait_count, tp_event* done);
  /* Host address of a region, or NULL when the host can't address it. */
  uint8_t* (*host_address)(void* device, tp_region region);
  /* Copy between a region and host memory. Used for transfers when host_address is NULL. */
  tp_status (*read)(void* device, tp_region region, uint64_t offset, void* into, uint64_t bytes);
  tp_status (*write)(void* device, tp_region region, uint64_t offset, const void* from, uint64_t bytes);
  /* Adds to the device's counters of copied bytes when the executor itself copied through host_address. */
  void (*count_copy)(void* device, uint64_t bytes_in, uint64_t bytes_out);
} tp_device_api;

#ifdef __cplusplus
}
#endif
#endif
