#include "kernel.inc"
