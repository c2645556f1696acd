#include "deliver/circuit.h"

bool circuit_trip(struct circuit *c, int most, time_t now)
{
    int seconds = CIRCUIT_FIRST;

    if (now < c->until)
        return false;
    for (int i = 0; i < c->trips && seconds < most; i++)
        seconds *= 2;
    if (c->trips == 0)
        c->since = now;
    c->until = now + (seconds < most ? seconds : most);
    c->trips++;
    return true;
}

bool circuit_close(struct circuit *c)
{
    bool was_shut = c->trips > 0;

    *c = (struct circuit){0};
    return was_shut;
}

int circuit_room(const struct circuit *c, int limit, int under_way, time_t now)
{
    int most = c->trips > 0 && limit > 1 ? 1 : limit;

    return now < c->until || under_way >= most ? 0 : most - under_way;
}

void circuit_mind_the_clock(struct circuit *c, int most, time_t now)
{
    if (c->until > now + most)
        c->until = now;
}
