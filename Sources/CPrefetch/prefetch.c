// SwiftPM requires a source file in every C target.
#include "prefetch.h"
