/* tests/year/quiet.h - words that may stand in no log, no audit, no warning: names of pupils, their
 * numbers, the ends of their postcodes. */
#ifndef YEAR_QUIET_H
#define YEAR_QUIET_H

/* The first such word of the text; NULL none. */
const char *quiet_name_in(const char *text);
void quiet_release(void);

#endif
