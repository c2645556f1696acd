/* gateway/daemon/settings.h - encompass.conf whole: every section, each with the keys that its own
 * part of the program declares. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "base/config.h"

/* All our sections, ended by a NULL name. */
const struct config_section *settings_sections(void);

/* config_load with all our sections. */
int settings_load(const char *path, struct config **out, struct err *err) MUST_CHECK;

#endif
