#include "store/report_list.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more, zeroed. */
static void *next(struct report_list *list, struct err *err)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        void *items = reallocarray(list->items, capacity, list->size);

        if (!items) {
            err_memory(err);
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    return memset((char *)list->items + list->count++ * list->size, 0, list->size);
}

int report_rows(struct db *db, struct report_list *list, int rc, struct err *err)
{
    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, list->stmt, err)) == 1) {
        void *item = next(list, err);

        if (!item || list->read(db, list->stmt, item, err) < 0) {
            rc = -1;
            break;
        }
    }
    sql_done(list->stmt);
    return rc;
}

int report_list_out(struct report_list *list, int rc, void *out, size_t *count)
{
    if (rc < 0) {
        free(list->items);
        return -1;
    }
    memcpy(out, &list->items, sizeof list->items);
    *count = list->count;
    return 0;
}
