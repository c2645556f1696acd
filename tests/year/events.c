#include "events.h"

#include <stdlib.h>
#include <string.h>

time_t now, skew;

static struct event *heap;
static size_t heap_count, heap_room;

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    struct event e = *a;

    *a = *b;
    *b = e;
}

void events_add(time_t at, enum what what, int64_t number, int revision, const char *text)
{
    static uint64_t order;
    size_t i = heap_count++;

    if (heap_count > heap_room) {
        heap_room = heap_room ? heap_room * 2 : 4096;
        heap = reallocarray(heap, heap_room, sizeof *heap);
        if (!heap)
            abort();
    }
    heap[i] = (struct event){at, order++, what, number, revision, text ? strdup(text) : NULL};
    for (; i > 0 && sooner(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

time_t events_first_at(void)
{
    return heap[0].at;
}

enum what events_first_is(void)
{
    return heap[0].what;
}

struct event events_take(void)
{
    struct event first = heap[0];
    size_t i = 0;

    heap[0] = heap[--heap_count];
    for (;;) {
        size_t least = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < heap_count && sooner(&heap[child], &heap[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&heap[i], &heap[least]);
        i = least;
    }
}

void events_release(void)
{
    while (heap_count > 0)
        free(heap[--heap_count].text);
    free(heap);
}
