/* gateway/cli/manual.h - the manual's pages in mdoc(7), made of the tables that the program runs by:
 * encompass(1) of the commands and their help, encompass.conf(5) of the configuration's keys. The build
 * runs `encompass manual PAGE` for them; it is no command of the help. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdio.h>

#include "cli/command.h"

/* commands ends in NULL. -1: there is no such page. */
int manual_print(const char *page, const struct command *const *commands, const char *options,
                 FILE *to, struct err *err) MUST_CHECK;

#endif
