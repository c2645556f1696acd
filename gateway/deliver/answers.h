/* gateway/deliver/answers.h - [answers] of the configuration: how what was told can be answered. */
#ifndef DELIVER_ANSWERS_H
#define DELIVER_ANSWERS_H

#include "base/config.h"
#include "deliver/prepare.h"

extern const struct config_key answers_keys[];

/* base_url NULL when none is configured. Borrowed from conf. */
int answers_links(const struct config *conf, struct prepare_links *out, struct err *err) MUST_CHECK;

#endif
