//! Decimals as text: all digits, no exponent, no rounding.

use super::super::values::base64_text;

/// `decimal(p,s)` of databases has at most so many digits after the point, and at most so many that a negative scale stands for.
const SCALE_MAX: i64 = 64;

/// Writes big-endian two's complement of any length, times 10^-scale, as a JSON number. What is no number, or too long for one, becomes a text that says
/// so: then only who reads that column refuses it.
pub(super) fn decimal(bytes: &[u8], scale: i64, out: &mut Vec<u8>) {
    match unscaled(bytes).filter(|_| (-SCALE_MAX..=SCALE_MAX).contains(&scale)) {
        Some(value) => plain(value, scale, out),
        None => {
            out.extend_from_slice(format!("\"a decimal of {} bytes and scale {scale}: ", bytes.len()).as_bytes());
            base64_text(bytes, out);
            out.push(b'"');
        }
    }
}

fn unscaled(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0x00 } else { 0xff };
    let (extension, digits) = bytes.split_at(bytes.len().saturating_sub(16));
    if extension.iter().any(|byte| *byte != sign) || (!extension.is_empty() && (digits[0] & 0x80 == 0) != (sign == 0)) {
        return None;
    }
    let mut wide = [sign; 16];
    wide[16 - digits.len()..].copy_from_slice(digits);
    Some(i128::from_be_bytes(wide))
}

fn plain(value: i128, scale: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    if scale <= 0 {
        out.extend_from_slice(digits);
        let zeros = if value == 0 { 0 } else { scale.unsigned_abs() as usize };
        out.extend(std::iter::repeat_n(b'0', zeros));
        return;
    }
    let scale = scale as usize;
    if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', scale - digits.len()));
        out.extend_from_slice(digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], scale: i64) -> String {
        let mut out = Vec::new();
        decimal(bytes, scale, &mut out);
        String::from_utf8(out).expect("text")
    }

    /// Values of which each stands for itself, worked out with a calculator.
    #[test]
    fn decimals_keep_sign_and_every_digit() {
        let vectors: [(&[u8], i64, &str); 17] = [
            (&[0x00], 2, "0.00"),
            (&[0x01], 2, "0.01"),
            (&[0xff], 2, "-0.01"),
            (&[0x7f], 2, "1.27"),
            (&[0x00, 0x80], 2, "1.28"),
            (&[0x80], 2, "-1.28"),
            (&[0xff, 0x7f], 2, "-1.29"),
            (&[0x00, 0xff], 2, "2.55"),
            (&[0x04, 0xd2], 2, "12.34"),
            (&[0xfe, 0x0c], 2, "-5.00"),
            (&[0x32, 0xbe], 2, "129.90"),
            (&[0xcd, 0x42], 2, "-129.90"),
            (&[0x5a, 0xf3, 0x10, 0x7a, 0x3f, 0xff], 2, "999999999999.99"),
            (&[0x32, 0xbe], 0, "12990"),
            (&[0x07], -2, "700"),
            (&[0x00], -2, "0"),
            (&[0x07], 6, "0.000007"),
        ];
        for (bytes, scale, value) in vectors {
            assert_eq!(text(bytes, scale), value);
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
            assert_eq!(text(&[&[sign; 20], bytes].concat(), scale), value, "in as many bytes more");
        }
        assert_eq!(text(&i128::MIN.to_be_bytes(), 0), i128::MIN.to_string());
    }

    #[test]
    fn what_is_no_number_says_so_and_harms_no_other_column() {
        assert_eq!(text(&[], 2), "\"a decimal of 0 bytes and scale 2: \"");
        assert!(text(&[0x01; 17], 2).starts_with("\"a decimal of 17 bytes"));
        assert!(text(&[0x01], 1_000).starts_with("\"a decimal of 1 bytes and scale 1000"));
    }
}
