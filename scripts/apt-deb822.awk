# Prints "URI SUITE" for each pair in the enabled stanzas of a deb822 sources file that
# offer binary packages of the component "main". Run with RS="" (a record is a stanza).
{
    split("", field)
    lines = split($0, line, "\n")
    name = ""
    for (i = 1; i <= lines; i++) {
        if (line[i] ~ /^#/) continue
        if (line[i] ~ /^[^ \t]/) {
            name = tolower(substr(line[i], 1, index(line[i], ":") - 1))
            line[i] = substr(line[i], index(line[i], ":") + 1)
        }
        field[name] = field[name] " " line[i] " "
    }
    if (tolower(field["enabled"]) ~ /[ \t](no|false|0)[ \t]/) next
    if (field["types"] !~ /[ \t]deb[ \t]/ || field["components"] !~ /[ \t]main[ \t]/) next
    uris = split(field["uris"], uri, " ")
    suites = split(field["suites"], suite, " ")
    for (u = 1; u <= uris; u++) for (s = 1; s <= suites; s++) print uri[u], suite[s]
}
