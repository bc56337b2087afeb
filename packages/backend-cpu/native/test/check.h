#pragma once

#include "tensorplan/testing/check.h"
