#include "chance.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static uint64_t ours, theirs; /* the world's sequence, and the gateway's */

/* Splitmix64. */
static uint64_t step(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static const char *name(void)
{
    return "a year's";
}

static uint32_t word(void)
{
    return (uint32_t)(step(&theirs) >> 32);
}

static void fill(void *const to, const size_t size)
{
    unsigned char *p = to;

    for (size_t i = 0; i < size; i++)
        p[i] = (unsigned char)(step(&theirs) >> 56);
}

static struct randombytes_implementation implementation = {
    .implementation_name = name, .random = word, .buf = fill};

void chance_seed(uint64_t seed)
{
    ours = seed;
    theirs = ~seed;
    randombytes_set_implementation(&implementation);
}

void chance_new_life(void)
{
    theirs = chance_mix(theirs, 0x6c696665);
}

int chance_below(int n)
{
    return (int)((step(&ours) >> 33) % (uint64_t)n);
}

int chance_between(int least, int most)
{
    return least + chance_below(most - least + 1);
}

bool chance_of(double probability)
{
    return (double)(step(&ours) >> 11) * 0x1p-53 < probability;
}

uint64_t chance_mix(uint64_t a, uint64_t b)
{
    uint64_t state = a * 0x9e3779b97f4a7c15u ^ b;

    return step(&state);
}
