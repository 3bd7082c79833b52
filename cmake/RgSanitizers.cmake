# Sanitizers apply to every target alike: mixing instrumented and plain objects hides races.
if(RG_SANITIZE STREQUAL "address")
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
elseif(RG_SANITIZE STREQUAL "thread")
    add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
    add_link_options(-fsanitize=thread)
elseif(NOT RG_SANITIZE STREQUAL "")
    message(FATAL_ERROR "RG_SANITIZE is '${RG_SANITIZE}'; expected address, thread or nothing")
endif()

if(RG_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
