/* tests/year/content.h - what a message says: no place that nobody is to know of, how often there has
 * been a call-out about a child, that a conference is to hear of the family. */
#ifndef YEAR_CONTENT_H
#define YEAR_CONTENT_H

#include "callouts.h"
#include "post.h"

/* kind: as of a telling. children: whom it names, by position. */
void content_check(const struct post_item *item, char kind, int number, unsigned children,
                   int contact);

#endif
