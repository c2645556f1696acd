/* gateway/cli/findings.h - what check has found, as it is gathered. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <cJSON.h>

#include "cli/command.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct findings {
    cJSON *list; /* severity, subject, what, todo, alike */
    int errors, warnings;
};

/* todo: what to do about it, a literal. */
void finding(struct findings *f, enum severity severity, const char *subject, const char *todo,
             const char *what, ...) PRINTF(5, 6);

/* A warning that many establishments can share: more than a few with the same `alike` are shown as
 * one, "24 establishments", `alike`, with the first as an example. */
void finding_of_many(struct findings *f, const char *alike, const char *subject, const char *todo,
                     const char *what, ...) PRINTF(5, 6);

/* What a start would refuse: adapters, broker, templates, certificates; and what of the
 * configuration is to be regretted. */
void check_configuration(struct cli *cli, const struct config *config, struct findings *f);

/* What is wanting in the registers. -1: the store failed. */
int check_registers(struct cli *cli, struct db *db, const struct config *config, struct findings *f,
                    struct err *err) MUST_CHECK;

#endif
