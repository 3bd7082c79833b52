/* Finds circles of tasks and puts deadlocks into words. */
#include "sim_sched.h"

#include <stdio.h>
#include <string.h>

#define MORE_TEXT_MAX 32 /* bytes kept free for "; and 4096 more" */

struct report {
    char *text;
    size_t len;
    uint32_t items;
    uint32_t left_out;
};

static void add_bytes(struct report *report, const char *bytes, size_t len)
{
    memcpy(report->text + report->len, bytes, len);
    report->len += len;
    report->text[report->len] = '\0';
}

static void add_item(struct report *report, const char *item)
{
    const char *separator = report->items ? "; " : "deadlock: ";
    size_t item_len = strlen(item);
    size_t separator_len = strlen(separator);

    if (report->len + separator_len + item_len + MORE_TEXT_MAX > SIM_DEADLOCK_TEXT_MAX) {
        report->left_out++;
        return;
    }
    add_bytes(report, separator, separator_len);
    add_bytes(report, item, item_len);
    report->items++;
}

static void end_report(struct report *report)
{
    char more[MORE_TEXT_MAX];
    int len;

    if (report->left_out == 0)
        return;
    len = snprintf(more, sizeof(more), "; and %u more", report->left_out);
    add_bytes(report, more, (size_t)len);
}

static void add_lock(struct report *report, const struct sim_task *task)
{
    const struct sim_mutex *mutex = task->wait_for;
    char item[4 * RG_TASK_NAME_MAX + 128];

    if (mutex->holder)
        snprintf(item, sizeof(item), "task %u '%s' waits for lock '%s' held by task %u '%s'",
            task->number, task->name, mutex->name, mutex->holder->number, mutex->holder->name);
    else
        snprintf(item, sizeof(item), "task %u '%s' waits for lock '%s'", task->number, task->name,
            mutex->name);
    add_item(report, item);
}

static void add_task(struct report *report, const struct sim_task *task)
{
    char what[2 * RG_TASK_NAME_MAX + 64];
    char item[4 * RG_TASK_NAME_MAX + 128];

    switch (task->wait) {
    case SIM_RUNS:
        return;
    case SIM_WAITS_LOCK:
        add_lock(report, task);
        return;
    case SIM_WAITS_COND:
        snprintf(what, sizeof(what), "waits for condition '%s'",
            ((const struct sim_cond *)task->wait_for)->name);
        break;
    case SIM_WAITS_SLEEP:
        snprintf(what, sizeof(what), "sleeps for ever");
        break;
    case SIM_WAITS_STOP:
        snprintf(what, sizeof(what), "waits for the stop request");
        break;
    case SIM_WAITS_JOIN: {
        const struct sim_task *other = task->wait_for;

        snprintf(
            what, sizeof(what), "waits for the end of task %u '%s'", other->number, other->name);
        break;
    }
    }
    snprintf(item, sizeof(item), "task %u '%s' %s", task->number, task->name, what);
    add_item(report, item);
}

void sim_describe_all(struct sim_runtime *rt)
{
    struct report report = {.text = rt->deadlock};

    for (uint32_t i = 0; i < rt->task_count; i++) {
        if (rt->tasks[i])
            add_task(&report, rt->tasks[i]);
    }
    end_report(&report);
}

/* The one task that can end this wait; NULL when many could. */
static const struct sim_task *awaited(enum sim_wait wait, const void *wait_for)
{
    if (wait == SIM_WAITS_LOCK)
        return ((const struct sim_mutex *)wait_for)->holder;
    if (wait == SIM_WAITS_JOIN)
        return wait_for;
    return NULL;
}

/* A circle cannot open again, even while tasks outside of it still run. It is told from its task
 * with the smallest number on, so that the text does not depend on who closed it. */
static void describe_circle(struct sim_runtime *rt, const struct sim_task *member)
{
    struct report report = {.text = rt->deadlock};
    const struct sim_task *first = member;
    const struct sim_task *task = member;

    do {
        if (task->number < first->number)
            first = task;
        task = awaited(task->wait, task->wait_for);
    } while (task != member);
    task = first;
    do {
        add_task(&report, task);
        task = awaited(task->wait, task->wait_for);
    } while (task != first);
    end_report(&report);
}

bool sim_closes_circle(struct sim_runtime *rt, enum sim_wait wait, const void *wait_for)
{
    struct sim_task *self = rt->current;
    const struct sim_task *task = awaited(wait, wait_for);

    while (task && task != self)
        task = awaited(task->wait, task->wait_for);
    if (!task)
        return false;
    self->wait = wait;
    self->wait_for = wait_for;
    describe_circle(rt, self);
    self->wait = SIM_RUNS;
    self->wait_for = NULL;
    return true;
}
