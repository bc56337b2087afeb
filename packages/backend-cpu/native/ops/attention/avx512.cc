#include "flash.inc"
