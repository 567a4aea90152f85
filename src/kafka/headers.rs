//! A message's headers as they stand in the record: bytes.
//!
//! Kafka gives a header's name no encoding, and sarama, franz-go and kcat write any bytes. The binding takes each name for UTF-8 and panics on others,
//! so names and values are read from librdkafka itself.

use std::ffi::CStr;
use std::ptr;

use rdkafka::bindings;
use rdkafka::message::BorrowedMessage;

/// Names and values, in order. A value of `None` is null. librdkafka ends a name at its first zero byte.
pub(super) fn of<'m>(message: &'m BorrowedMessage<'_>) -> impl Iterator<Item = (&'m [u8], Option<&'m [u8]>)> {
    let mut headers = ptr::null_mut();
    #[allow(unsafe_code)]
    // SAFETY: the pointer is that of a message that lives as long as the borrow. librdkafka parses its headers once and keeps them with it.
    let found = unsafe { bindings::rd_kafka_message_headers(message.ptr(), &mut headers) };
    let has_headers = found == bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && !headers.is_null();
    (0..).map_while(move |index| {
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        if !has_headers {
            return None;
        }
        #[allow(unsafe_code)]
        // SAFETY: the headers belong to the message and live as long as the borrow. An index behind the last one is an error code.
        let found = unsafe { bindings::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size) };
        if found != bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return None;
        }
        #[allow(unsafe_code)]
        // SAFETY: the name ends with a zero byte; the value is null or has `size` bytes. Both live as long as the headers.
        let pair = unsafe {
            let value = (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), size));
            (CStr::from_ptr(name).to_bytes(), value)
        };
        Some(pair)
    })
}
