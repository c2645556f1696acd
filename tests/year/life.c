#include "life.h"

#include <stdio.h>

#include "chance.h"
#include "events.h"
#include "people.h"
#include "police.h"
#include "post.h"
#include "reviews.h"

time_t life_next;
static double danger;

void life_set_danger(double chance)
{
    danger = chance;
}

int life_failed(const struct err *err, const char *what)
{
    fprintf(stderr, "year: %s: %s\n", what, err->text);
    return -1;
}

int life_run(const struct gate_message *message, enum accepted *what)
{
    struct err err = {.code = ERR_NONE};
    bool again = message != NULL;

    gate_clock.shift = now + skew;
    if (chance_of(danger)) {
        enum accepted was = (enum accepted) - 1;

        if (gate_run_killed(message, chance_below(60), &was, &err) < 0)
            return life_failed(&err, "killing");
        again = again && was == (enum accepted) - 1;
        if (message && !again)
            *what = was;
        if (post_collect(people_received) < 0)
            return -1;
        gate_life = gate_crashes;
    }
    if (again && gate_accept(message, what, &err) < 0)
        return life_failed(&err, "intake");
    return 0;
}

int life_settle(void)
{
    struct err err = {.code = ERR_NONE};

    gate_clock.shift = now + skew;
    if (gate_run(&life_next, &err) < 0)
        return life_failed(&err, "the steps");
    life_next -= skew;
    return post_collect(people_received) < 0 || police_take_receipts() < 0 ? -1 : reviews_note();
}
