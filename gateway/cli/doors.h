/* gateway/cli/doors.h - doors as they are named on a command line. */
#ifndef CLI_DOORS_H
#define CLI_DOORS_H

#include "cli/command.h"
#include "plan/establishment.h"

/* school/100001, centre/20001; digits alone are a school's. -1 with ERR_USAGE. */
int door_of_urn(const char *command, const char *text, struct door *out,
                struct err *err) MUST_CHECK;
/* The three digits of an authority: its desk. */
int door_of_la(const char *command, const char *text, struct door *out, struct err *err) MUST_CHECK;
/* A force's id: its desk. */
int door_of_force(const char *command, const char *text, struct door *out,
                  struct err *err) MUST_CHECK;

#endif
