#include "engine_toy.h"
#include "rg/base/hash.h"

#include <stdio.h>
#include <string.h>

#define QUEUE_MAX 1024
#define FILE_MAX  ((size_t)1 << 20)

struct toy {
    struct rg_backends set;
    struct toy_options options;
    struct rg_mutex *queue_lock; /* guards the four below */
    struct rg_cond *changed;
    int queue[QUEUE_MAX];
    int head, tail;
    bool closed;
    struct rg_mutex *sum_lock; /* guards the two below */
    uint64_t sum;
    uint64_t failures;
};

struct worker {
    struct toy *toy;
    int idle;
    struct rg_buf file;
    struct rg_err err;
};

static struct rg_mono later(struct toy *toy, int64_t ns)
{
    return (struct rg_mono){rg_runtime_mono(toy->set.runtime).ns + ns};
}

/* Takes the next job; false when the queue was closed or the run ends. */
static bool take_job(struct worker *w, int *job)
{
    struct toy *toy = w->toy;
    enum rg_status st = RG_OK;
    bool taken = false;

    rg_mutex_lock(toy->queue_lock);
    while (toy->head == toy->tail && !toy->closed && st != RG_ESTOPPED) {
        struct rg_mono deadline = later(toy, toy->options.pause_ns / 2 + 1);

        st = rg_cond_wait(toy->changed, toy->queue_lock, deadline);
        w->idle += st == RG_ETIMEOUT;
    }
    if (st != RG_ESTOPPED && toy->head != toy->tail) {
        *job = toy->queue[toy->head++ % QUEUE_MAX];
        taken = true;
    }
    rg_mutex_unlock(toy->queue_lock);
    return taken;
}

static uint64_t mix_file(struct worker *w, uint64_t sum, int32_t pid, const char *name)
{
    enum rg_status st = rg_procfs_read_pid(w->toy->set.procfs, pid, name, &w->file, &w->err);

    sum = rg_hash_mix(sum, (uint64_t)(-(int)st));
    return rg_hash_mix(sum, rg_hash64(w->file.data, st == RG_OK ? w->file.len : 0));
}

static uint64_t ask_procfs(struct worker *w, int job, bool twisted)
{
    const struct toy_options *o = &w->toy->options;
    struct rg_procfs *fs = w->toy->set.procfs;
    struct rg_procfs_stat seen = {0};
    struct rg_pid_list pids = {0};
    uint64_t sum = 0;
    int64_t fds = 0;
    enum rg_status st;

    if (twisted && o->twist == TOY_EXTRA_QUESTION)
        sum = mix_file(w, sum, o->pid, "io");
    sum = mix_file(w, sum, o->pid + (twisted && o->twist == TOY_WRONG_PID), "stat");
    if (!twisted || o->twist != TOY_MISSING_QUESTION)
        sum = mix_file(w, sum, o->pid, "status");
    sum = mix_file(w, sum, o->pid, "cmdline");
    sum = mix_file(w, sum, INT32_MAX, "stat"); /* nobody */
    if (job % 3 == 0) {
        st = rg_procfs_list_pids(fs, &pids, &w->err);
        sum = rg_hash_mix(sum, st == RG_OK ? pids.count : 0);
        rg_pid_list_finish(&pids);
    }
    st = rg_procfs_count_fds(fs, o->pid, &fds, &w->err);
    sum = rg_hash_mix(sum, st == RG_OK ? (uint64_t)fds : 0);
    st = rg_procfs_stat_pid(fs, o->pid, "exe", &seen, &w->err);
    sum = rg_hash_mix(sum, st == RG_OK ? seen.mode : 0);
    st = rg_procfs_read_link(fs, o->pid, "exe", &w->file, &w->err);
    sum = rg_hash_mix(sum, st == RG_OK ? w->file.len : 0);
    st = rg_procfs_read_host(fs, "uptime", &w->file, &w->err);
    return rg_hash_mix(sum, st == RG_OK ? w->file.len : 0);
}

/* Objects are of one job: what is stored does not depend on the order of the workers. */
static uint64_t ask_storage(struct worker *w, int job)
{
    struct rg_storage *storage = w->toy->set.storage;
    struct rg_storage_list list = {0};
    uint64_t sum = 0;
    char name[32];
    enum rg_status st;

    snprintf(name, sizeof(name), "job-%d", job);
    st = rg_storage_put(storage, "toy", name, name, strlen(name), &w->err);
    sum = rg_hash_mix(sum, (uint64_t)(-(int)st));
    st = rg_storage_get(storage, "toy", name, &w->file, &w->err);
    sum = rg_hash_mix(sum, st == RG_OK ? w->file.len : 0);
    st = rg_storage_list(storage, "toy", &list, &w->err);
    sum = rg_hash_mix(sum, st == RG_OK ? list.count : 0);
    rg_storage_list_finish(&list);
    st = rg_storage_remove(storage, "toy", name, &w->err);
    return rg_hash_mix(sum, (uint64_t)(-(int)st));
}

static enum rg_status emit(
    struct toy *toy, const char *kind, const char *text, size_t len, struct rg_err *err)
{
    const struct rg_output_header header = {"Content-Type", "text/plain"};
    struct rg_output output = {
        .kind = kind,
        .source = "toy",
        .headers = &header,
        .header_count = 1,
        .payload = {text, len},
    };

    return rg_sink_emit(toy->set.sink, &output, NULL, err);
}

static void emit_job(struct worker *w, int job, uint64_t sum, bool twisted)
{
    struct toy *toy = w->toy;
    char text[600];
    int n;

    memset(text, ' ', sizeof(text));
    n = snprintf(text, sizeof(text), "job %d sum %llx mono %lld wall %lld random %llx idle %d\n",
        job, (unsigned long long)sum, (long long)rg_runtime_mono(toy->set.runtime).ns,
        (long long)rg_runtime_wall(toy->set.runtime).ns,
        (unsigned long long)rg_runtime_random(toy->set.runtime, "salt"), w->idle);
    text[n] = ' ';
    if (twisted && toy->options.twist == TOY_WRONG_BYTE)
        text[n - 1]++;
    rg_ignore(emit(toy, "payload", text, job % 2 ? sizeof(text) : (size_t)n, &w->err),
        "refused by the sink, or the replay has ended");
}

static void run_job(struct worker *w, int job)
{
    struct toy *toy = w->toy;
    bool twisted = job == toy->options.twist_job;
    bool wrong_lock = twisted && toy->options.twist == TOY_WRONG_LOCK;
    struct rg_mutex *lock = wrong_lock ? toy->queue_lock : toy->sum_lock;
    char stream[32];
    uint64_t sum;

    snprintf(stream, sizeof(stream), "job-%d", job);
    sum = rg_runtime_random(toy->set.runtime, stream);
    sum = rg_hash_mix(sum, ask_procfs(w, job, twisted));
    if (job % 4 == 1)
        sum = rg_hash_mix(sum, ask_storage(w, job));
    rg_mutex_lock(lock);
    toy->sum += sum;
    rg_mutex_unlock(lock);
    emit_job(w, job, sum, twisted);
}

static void work(void *arg)
{
    struct worker w = {.toy = arg};
    int job;

    rg_buf_init(&w.file, FILE_MAX);
    while (take_job(&w, &job)) {
        run_job(&w, job);
        if (job == w.toy->options.twist_job && w.toy->options.twist == TOY_WORKER_ENDS)
            break;
    }
    rg_buf_finish(&w.file);
}

static void tick(void *arg)
{
    struct toy *toy = arg;
    enum rg_status st = RG_OK;

    for (int job = 0; job < toy->options.jobs && st == RG_OK; job++) {
        uint64_t pause = rg_runtime_random(toy->set.runtime, "pause");

        rg_runtime_mark(toy->set.runtime, "toy");
        rg_mutex_lock(toy->queue_lock);
        toy->queue[toy->tail++ % QUEUE_MAX] = job;
        rg_cond_signal(toy->changed);
        rg_mutex_unlock(toy->queue_lock);
        st = rg_runtime_sleep_until(
            toy->set.runtime, later(toy, (int64_t)(pause % (uint64_t)toy->options.pause_ns)));
    }
    rg_mutex_lock(toy->queue_lock);
    toy->closed = true;
    rg_cond_broadcast(toy->changed);
    rg_mutex_unlock(toy->queue_lock);
}

static enum rg_status ask_host(struct toy *toy, struct rg_err *err)
{
    struct rg_host_facts facts;
    struct rg_filesystem root;
    struct rg_buf text;
    enum rg_status st = rg_host_facts(toy->set.host, &facts, err);

    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    if (st == RG_OK)
        toy->sum += facts.total_memory_bytes;
    if (rg_host_document(toy->set.host, "options", &text, err) == RG_OK)
        toy->sum += rg_hash64(text.data, text.len);
    if (rg_host_env(toy->set.host, "RG_TOY_NOT_SET", &text, err) == RG_OK)
        toy->sum++;
    if (rg_host_user_name(toy->set.host, 0, &text, err) == RG_OK)
        toy->sum += text.len;
    if (rg_host_list_documents(toy->set.host, "conf.d", &text, err) == RG_OK)
        toy->sum += rg_hash64(text.data, text.len);
    if (rg_host_filesystem(toy->set.host, "/", &root, err) == RG_OK)
        toy->sum += root.blocks * root.block_size_bytes + root.files_free;
    rg_buf_finish(&text);
    return st;
}

static enum rg_status run_tasks(struct toy *toy, struct rg_err *err)
{
    uint32_t tasks[TOY_WORKERS_MAX + 2];
    int count = 0;
    int workers = toy->options.workers + (toy->options.twist == TOY_EXTRA_TASK);
    enum rg_status st = rg_runtime_spawn(toy->set.runtime, "ticker", tick, toy, &tasks[count], err);

    if (st != RG_OK)
        return st;
    count++;
    while (count <= workers && st == RG_OK) {
        st = rg_runtime_spawn(toy->set.runtime, "worker", work, toy, &tasks[count], err);
        count += st == RG_OK;
    }
    if (st == RG_OK)
        rg_ignore(rg_runtime_wait_stop(toy->set.runtime, later(toy, toy->options.pause_ns)),
            "the ticker ends the run");
    while (count > 0)
        rg_runtime_join(toy->set.runtime, tasks[--count]);
    return st;
}

enum rg_status toy_run(const struct rg_backends *set, const struct toy_options *options)
{
    struct toy toy = {.set = *set, .options = *options};
    int last_outputs =
        1 + (options->twist == TOY_TWO_LAST_OUTPUTS) - (options->twist == TOY_NO_LAST_OUTPUT);
    struct rg_err err = {0};
    enum rg_status st = ask_host(&toy, &err);
    char text[64];

    if (st == RG_OK) {
        toy.queue_lock = rg_mutex_create(set->runtime, "queue");
        toy.sum_lock = rg_mutex_create(set->runtime, "sum");
        toy.changed = rg_cond_create(set->runtime, "changed");
        st = toy.queue_lock && toy.sum_lock && toy.changed ? RG_OK : RG_ENOMEM;
    }
    if (st == RG_OK)
        st = run_tasks(&toy, &err);
    snprintf(text, sizeof(text), "sum %llx", (unsigned long long)toy.sum);
    for (int i = 0; st == RG_OK && i < last_outputs; i++)
        st = emit(&toy, "log", text, strlen(text), &err);
    rg_cond_destroy(toy.changed);
    rg_mutex_destroy(toy.sum_lock);
    rg_mutex_destroy(toy.queue_lock);
    return st;
}
