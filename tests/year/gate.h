/* tests/year/gate.h - the gateway of a simulated year: its store, its configuration, and the list
 * of steps that the daemon runs (daemon/steps.h), under a clock that stands until it is moved. */
#ifndef YEAR_GATE_H
#define YEAR_GATE_H

#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "intake/accept.h"
#include "statements.h"
#include "store/db.h"

extern struct clock gate_clock;
extern struct db *gate_office; /* for people's commands, which are another program's */
/* The daemon's own, for what comes to it by itself, and for what is asked between its steps: another
 * has to read the store anew after each step. */
extern struct db *gate_daemon;
extern int gate_crashes; /* how often the daemon was killed */
extern int gate_life;    /* of which of its lives what is collected now comes */

/* Makes the store and the configuration in that folder. */
int gate_make(const char *folder, struct err *err);
/* As the daemon starts: also after it was killed. */
int gate_open(struct err *err);
void gate_close(void);

void gate_statements_in(enum statements_age age);

/* Where the processor's time went: by step, and intake. */
void gate_print_time(void);

struct gate_message {
    const char *topic, *text;
};

/* A message as the subscriber takes it, in a batch of its own: *what is written once it is
 * committed, and then it is acknowledged. */
int gate_accept(const struct gate_message *message, enum accepted *what, struct err *err);

/* Every step, until none has anything left to do now; *next is when there will be. -1, also when
 * they do not come to rest. */
int gate_run(time_t *next, struct err *err);

/* Both of it in a process of its own, which is killed at the nth write to the store or to a
 * recipient, if it comes so far; then the daemon starts anew. *what is left alone where the message
 * was not acknowledged. */
int gate_run_killed(const struct gate_message *message /* NULL: none */, int nth,
                    enum accepted *what, struct err *err);

/* Somebody's command in a process of its own, killed at the nth write to the store: *done says whether
 * it came to its end before. The daemon starts anew afterwards. */
typedef int gate_work(struct db *db, void *what);
int gate_office_killed(gate_work *work, void *what, int nth, bool *done, struct err *err);

#endif
