/* tests/year/pace.h - how fast the machine is, which must not decide what a year is. The gateway
 * measures its own time (how long a step goes on, how long a try took): here that goes by how often it
 * looks, so that a busy machine and a kill at the nth write come out the same. */
#ifndef YEAR_PACE_H
#define YEAR_PACE_H

#include <stdint.h>

int64_t pace_real_ms(void); /* for telling how long it took */

#endif
