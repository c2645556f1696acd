/* gateway/cli/call_list.h - `encompass plan --call-list`: whom to ring before the bell. */
#ifndef CLI_CALL_LIST_H
#define CLI_CALL_LIST_H

#include "cli/command.h"
#include "store/report.h"

enum call_list_form { CALL_LIST_TEXT, CALL_LIST_CSV, CALL_LIST_HTML, CALL_LIST_JSON };

/* Audited before anything is shown. 0, -1. */
int call_list_print(struct cli *cli, const struct report_filter *filter, enum call_list_form form,
                    struct err *err) MUST_CHECK;

#endif
