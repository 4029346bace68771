#define LANES 4
#define WIDE 2
#define NAME(f) f##_plain
#include "kernels.inc.h"
KERNELS(plain, "plain");
