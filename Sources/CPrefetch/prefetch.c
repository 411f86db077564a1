// SwiftPM wants a source file of every C target.
#include "prefetch.h"
