use super::*;

#[test]
fn rows_are_gathered_and_scattered_back() {
    let weight: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let ids = [3i64, 0, 3, 1];
    let mut y = vec![0.0f32; 12];
    assert_eq!(gather_rows((&weight[..]).into(), (&ids[..]).into(), (&mut y[..]).into()), Outcome::Done);
    assert_eq!(y, [9., 10., 11., 0., 1., 2., 9., 10., 11., 3., 4., 5.]);
    let mut dw = vec![1.0f32; 12];
    assert_eq!(scatter_add_rows((&ids[..]).into(), (&y[..]).into(), (&mut dw[..]).into()), Outcome::Done);
    assert_eq!(dw, [1., 2., 3., 4., 5., 6., 1., 1., 1., 19., 21., 23.]);
}

#[test]
fn every_dtype_is_gathered_and_many_rows_are_split() {
    let weight: Vec<i64> = (0..300).collect();
    let ids: Vec<i64> = (0..7000).map(|i| i * 7 % 100).collect();
    let mut y = vec![0i64; 21_000];
    gather_rows_forward(&weight, &ids, &mut y);
    assert!((0..7000).all(|i| (0..3).all(|j| y[3 * i + j] == 3 * ids[i] + j as i64)));
    gather_rows_forward::<u8>(&[], &[], &mut []);
}

#[test]
#[should_panic(expected = "gather_rows: index 4 lies outside 0..4")]
fn an_index_outside_is_named() {
    gather_rows_forward(&[0.0; 8], &[1, 4], &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "scatter_add_rows: index -1 lies outside 0..3")]
fn a_negative_index_is_named() {
    scatter_add_rows_forward(&[-1], &[0.0; 2], &mut [0.0; 6]);
}

#[test]
fn elements_are_taken_and_put_back() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let index = [2, 2, 0, 1];
    let mut y = [0.0; 4];
    take_along_last_forward(&x, 3, &index, 2, &mut y);
    assert_eq!(y, [3.0, 3.0, 4.0, 5.0]);
    let mut dx = [0.0; 6];
    put_add_along_last_forward(&y, &index, 2, &mut dx, 3);
    assert_eq!(dx, [0.0, 0.0, 6.0, 4.0, 5.0, 0.0]);
}
