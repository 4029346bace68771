// Go's runtime and XLA reserve addresses before they use memory. If the limit of a process's
// address space (ulimit -v) is too low, Go's runtime aborts with a stack trace before any code in
// Go runs. This function runs before Go's runtime starts, and prints advice.
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

// Even a count of a cell's weights takes 1.2 GB of addresses; XLA takes more.
#define NEEDED ((rlim_t)2000 * 1000 * 1000)

__attribute__((constructor)) static void check_addresses(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= NEEDED) return;
  dprintf(STDERR_FILENO,
          "essnas: the address space is limited to %llu MB (ulimit -v), and at least %llu MB are needed: run \"ulimit -v unlimited\", "
          "and limit memory by --memory or a cgroup\n",
          (unsigned long long)(limit.rlim_cur / 1000000), (unsigned long long)(NEEDED / 1000000));
  _exit(1);
}
