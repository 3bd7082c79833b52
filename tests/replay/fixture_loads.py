"""What happens on a host while a live fixture is recorded: shell scripts, run as pid 1 of a pid
namespace that has no other processes. RECORD runs `reagent record` with the arguments after it."""

# Each of them must be in no capture. The name after the prefix tells the form.
SECRET = "hunter2"
SECRETS = [SECRET + form for form in ("LongOption", "NextWord", "BearerToken", "UrlPassword",
    "JavaProperty", "CustomWord", "ConfigKey")]

QUIET = """
sleep 600 &
cat /dev/zero | sleep 600 &
RECORD --for 25s
"""

CHURN = """
(n=0; while :; do n=$((n + 1)); sleep $((n % 4)).$((n % 10)) & sleep 0.05; done) &
RECORD --for 25s --checks process,rtprocess
"""

BUSY = """
for nice in 0 5 19; do nice -n $nice sh -c 'while :; do :; done' hog $nice & done
perl -e 'while (1) { $x++ for 1..100000; select(undef, undef, undef, 0.02) }' half &
RECORD --for 25s --checks process,rtprocess
"""

WRITERS = """
perl -e 'sysopen F, "/var/reagent-load", 1 | 0100 | 010000; unlink "/var/reagent-load"; # O_DSYNC
for (;;) { syswrite F, "x" x 16384; select(undef, undef, undef, 0.05) }' writer &
perl -e 'for (;;) { open F, "/bin/sh"; 1 while sysread F, $x, 8192; close F;
select(undef, undef, undef, 0.1) }' reader &
perl -e 'for (1..200) { open my $f, "<", "/dev/null"; push @f, $f } sleep 600' files &
RECORD --for 25s
"""

NOBODY = """
sleep 600 &
setpriv --reuid 65534 --regid 65534 --clear-groups sleep 601 &
setpriv --reuid 1 --regid 1 --clear-groups sh -c 'while :; do sleep 0.1; done' &
sleep 0.2
chown 65534:65534 /opt/reagent
AS='setpriv --reuid 65534 --regid 65534 --clear-groups'
RECORD --for 25s --checks process,rtprocess
"""

SECRET_LINES = f"""
stay() {{ sh -c 'sleep 600; :' "$@" & }}
stay app --password={SECRETS[0]} --port=80
stay app --token {SECRETS[1]} --visible
stay curl -H 'Authorization: Bearer {SECRETS[2]}' http://localhost/
stay db postgres://app:{SECRETS[3]}@10.0.0.1:5432/app
stay java -Dsecret={SECRETS[4]} -jar a.jar
stay own --passphrase-of-ours={SECRETS[5]}
cat >/opt/reagent/datadog.yaml <<'END'
api_key: {SECRETS[6]}
process_config:
  process_collection: {{enabled: true}}
  custom_sensitive_words: ['*passphrase*']
END
RECORD --for 14s --config /opt/reagent/datadog.yaml
"""

REALTIME = """
sh -c 'while :; do sleep 0.01; done' &
sh -c 'sleep 8; while :; do :; done' &
sh -c 'sleep 15' &
RECORD --for 25s --checks process,rtprocess
"""

NAMES = """
mkdir /opt/odd
stay() { cp /bin/sleep "/opt/odd/$1"; "/opt/odd/$1" 600 & }
stay 'a) Z 77 (b'
stay ') ('
stay "$(printf 'two\\nlines')"
stay "$(printf 'no\\377utf8')"
stay a-name-that-is-longer-than-fifteen
sh -c 'sleep 600; :' long "$(head -c 65500 /dev/zero | tr '\\0' a)" &
sh -c 'sleep 600; :' many $(seq 1 9000) &
sh -c 'sleep 600; :' '' 'a  b' '' "$(printf 'x\\ty\\nz')" &
perl -e '$0 = ""; sleep 600' &
RECORD --for 14s
"""

CHANGES = """
sh -c 'sleep 6; exec sleep 600' &
perl -e 'sleep 6; $) = "33 33"; $( = 33; ($<, $>) = (33, 33); sleep 600' &
sleep 6 &
old=$!
(while [ -d /proc/$old ]; do sleep 0.2; done; sleep 0.5; echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
 exec perl -e 'exit if fork; sleep 602' again) &
RECORD --for 25s
"""

KILLED = """
sleep 600 &
(n=0; while :; do n=$((n + 1)); sleep 1.$((n % 10)) & sleep 0.1; done) &
(sleep 15; kill -9 $(cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/ (reagent) .*//p')) &
RECORD --for 60s --checks process,rtprocess
mv /opt/reagent/host.mcap.partial /opt/reagent/host.mcap
"""

# name: (what it shows, masking policy, script)
LOADS = {
    "live-quiet": ("a quiet host", "standard", QUIET),
    "live-churn": ("short-lived processes, 20 more every second", "standard", CHURN),
    "live-busy": ("three processes that want a whole CPU, nice 0, 5 and 19, and one in bursts",
        "standard", BUSY),
    "live-writers": ("a writer, a reader, and a process with 200 open files", "standard", WRITERS),
    "live-nobody": ("an agent that is not root: EACCES for the files of others", "standard", NOBODY),
    "live-secrets": ("secrets in command lines and in datadog.yaml, masked", "standard", SECRET_LINES),
    "live-secrets-strict": ("the same, without any argument after the first", "strict", SECRET_LINES),
    "live-realtime": ("both checks: a process that turns busy, one that ends", "standard", REALTIME),
    "live-names": ("names with `) (`, a line feed, a byte that is no UTF-8; arguments of 64 KiB, 9,000 "
        "of them, none", "standard", NAMES),
    "live-changes": ("exec, setuid, and a pid that is used again", "standard", CHANGES),
    "live-killed": ("a recording that was ended by SIGKILL: no summary, no last chunk", "standard",
        KILLED),
}
RECOVERED = {"live-killed-recovered": ("what `reagent recover` made of it", "live-killed")}
