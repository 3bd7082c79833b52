/* Reads the records of the file sink back with a parser of its own: the format is a promise. */
#include "conform_sink.h"
#include "conform_tree.h"
#include "rg/live.h"

#include <stdio.h>
#include <string.h>

struct context {
    char root[CONFORM_PATH_MAX];
};

static struct rg_sink *create(void *opaque)
{
    struct context *context = opaque;
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];

    conform_tree_create(context->root);
    if (rg_live_sink_file(conform_tree_path(context->root, "out", path), &sink, &err))
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return sink;
}

static struct rg_runtime *runtime(void *context)
{
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    (void)context;
    if (rg_live_runtime_create(&rt, &err))
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return rt;
}

static void cleanup(void *context)
{
    conform_tree_remove(((struct context *)context)->root);
}

/* Texts of the suite need no unescaping. */
static const char *take_string(const char *at, char *out)
{
    int n = 0;

    if (sscanf(at, "\"%63[^\"]\"%n", out, &n) != 1)
        return NULL;
    return at + n;
}

static const char *take_headers(const char *at, struct conform_output *out)
{
    while (at && *at == '[' && out->header_count < 2) {
        at = take_string(at + 1, out->names[out->header_count]);
        if (!at || *at != ',')
            return NULL;
        at = take_string(at + 1, out->values[out->header_count]);
        if (!at || *at != ']')
            return NULL;
        out->header_count++;
        at += at[1] == ',' ? 2 : 1;
    }
    return at;
}

static bool parse_header(const char *line, struct conform_output *out)
{
    const char *at = line;
    int n = 0;

    memset(out, 0, sizeof(*out));
    if (strncmp(at, "{\"kind\":", 8) != 0 || !(at = take_string(at + 8, out->kind)))
        return false;
    if (strncmp(at, ",\"source\":", 10) != 0 || !(at = take_string(at + 10, out->source)))
        return false;
    if (strncmp(at, ",\"headers\":[", 12) != 0 || !(at = take_headers(at + 12, out)))
        return false;
    return sscanf(at, "],\"bytes\":%zu}\n%n", &out->payload_len, &n) == 1 && n > 0 &&
           out->payload_len <= sizeof(out->payload);
}

static size_t collect(void *opaque, struct rg_sink *sink, struct conform_output *out, size_t cap)
{
    struct context *context = opaque;
    char path[CONFORM_PATH_MAX];
    char line[1024];
    size_t n = 0;
    FILE *file = fopen(conform_tree_path(context->root, "out", path), "re");

    (void)sink;
    while (file && n < cap && fgets(line, sizeof(line), file)) {
        if (!parse_header(line, &out[n]) ||
            fread(out[n].payload, 1, out[n].payload_len, file) != out[n].payload_len ||
            fgetc(file) != '\n') {
            n = cap + 1; /* no case expects this many */
            break;
        }
        n++;
    }
    if (file)
        fclose(file);
    return n;
}

int main(void)
{
    struct context context;
    struct conform_sink live = {
        .name = "live file sink",
        .context = &context,
        .create = create,
        .collect = collect,
        .runtime = runtime,
        .cleanup = cleanup,
    };

    return conform_sink_run(&live);
}
