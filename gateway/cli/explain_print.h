/* gateway/cli/explain_print.h - explain's JSON as a text that a council officer can read out. */
#ifndef CLI_EXPLAIN_PRINT_H
#define CLI_EXPLAIN_PRINT_H

#include <cJSON.h>

void explain_print(const cJSON *root);

#endif
