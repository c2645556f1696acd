/* gateway/cli/online.h - `encompass check --online`: every place that the daemon connects to, tried
 * with the daemon's own settings and code, many at a time, and nothing sent. */
#ifndef CLI_ONLINE_H
#define CLI_ONLINE_H

#include "cli/findings.h"

/* Tries the broker, mail servers, token servers and Notify as the configuration names them, and the
 * web servers that verified contacts are at (db NULL: none). Counts what is wrong as errors and
 * warnings in f; with f->list's root JSON gets `online`. -1: could not begin. */
int check_online(struct cli *cli, const struct config *config, struct db *db, cJSON *root,
                 struct findings *f, struct err *err) MUST_CHECK;

/* What `online` holds, as columns. */
void online_print(const cJSON *root);

#endif
