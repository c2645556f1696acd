/* gateway/registers/links.c - GIAS links_edubasealldata: who came before and after whom. A link may
 * point at an establishment that is in no file that we have. */
#include <string.h>

#include "registers/reading.h"

enum { URN, LINK_URN, LINK_NAME, LINK_TYPE, ESTABLISHED, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
    [URN] = {"URN", true},
    [LINK_URN] = {"LinkURN", true},
    [LINK_NAME] = {"LinkName", true},
    [LINK_TYPE] = {"LinkType", true},
    [ESTABLISHED] = {"LinkEstablishedDate", false},
};

/* The file has no namespace: "Children's Centre Link" speaks of itself, the rest are schools'. */
static const char *namespace_of(const struct reading *r, const char *type)
{
    if (r->options->namespace)
        return r->options->namespace;
    return type && strncmp(type, "Children's Centre", strlen("Children's Centre")) == 0 ? "centre"
                                                                                        : "school";
}

int read_links(struct reading *r, struct err *err)
{
    enum change change;
    int rc;

    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    while ((rc = reading_next(r, err)) == 1) {
        const char *type = reading_needed(r, LINK_TYPE, 100);
        const char *urn = reading_needed_urn(r, URN), *link_urn = reading_needed_urn(r, LINK_URN);
        /* In the order of REGISTER_LINK. */
        const char *const values[] = {
            namespace_of(r, type),      urn, link_urn, type, reading_text(r, LINK_NAME, 200),
            reading_day(r, ESTABLISHED)};

        if (!r->row_refused && reading_put(r, REGISTER_LINK, values, NULL, &change, NULL, err) < 0)
            return -1;
    }
    return rc;
}
