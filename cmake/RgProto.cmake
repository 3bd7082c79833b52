# rg_add_proto(NAME FILE.proto): a static library of the generated protobuf-c code, and
# FILE.desc.h with the FileDescriptorSet as a byte array (captures carry it as their schema).
function(rg_add_proto name proto)
    get_filename_component(stem ${proto} NAME_WE)
    set(src "${CMAKE_CURRENT_SOURCE_DIR}/${proto}")
    set(out "${CMAKE_CURRENT_BINARY_DIR}/gen")
    file(MAKE_DIRECTORY "${out}")
    add_custom_command(
        OUTPUT "${out}/${stem}.pb-c.c" "${out}/${stem}.pb-c.h" "${out}/${stem}.desc.h"
        COMMAND ${RG_PROTOC} "--plugin=protoc-gen-c=${RG_PROTOC_C}" "--c_out=${out}"
                "--descriptor_set_out=${out}/${stem}.desc" --include_imports
                "--proto_path=${CMAKE_CURRENT_SOURCE_DIR}" "${src}"
        COMMAND ${CMAKE_COMMAND} "-DIN=${out}/${stem}.desc" "-DOUT=${out}/${stem}.desc.h"
                "-DNAME=rg_${stem}_descriptor" -P "${CMAKE_SOURCE_DIR}/cmake/RgEmbed.cmake"
        DEPENDS "${src}" "${CMAKE_SOURCE_DIR}/cmake/RgEmbed.cmake"
        VERBATIM)
    add_library(${name} STATIC "${out}/${stem}.pb-c.c" "${out}/${stem}.desc.h")
    target_include_directories(${name} SYSTEM PUBLIC "${out}")
    target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
