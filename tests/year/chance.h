/* tests/year/chance.h - all that is random in a simulated year, from one seed: also what the
 * gateway draws (references, keys, the jitter of its tries), so that a seed is a year. */
#ifndef YEAR_CHANCE_H
#define YEAR_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void chance_seed(uint64_t seed); /* before anything that draws */

/* A process that has drawn is gone: who goes on draws otherwise. */
void chance_new_life(void);

int chance_below(int n);                 /* 0 .. n-1 */
int chance_between(int least, int most); /* both included */
bool chance_of(double probability);      /* true that often */
#define CHANCE_OF_LIST(list) ((list)[chance_below((int)(sizeof(list) / sizeof *(list)))])

/* A number that belongs to what it is made of, drawn from no sequence. */
uint64_t chance_mix(uint64_t a, uint64_t b);

#endif
